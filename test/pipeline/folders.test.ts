import { createHash } from "node:crypto"
import { chmodSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs"
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import type { DocumentRecord } from "#store/types.ts"
import { createFolderBench, type FolderBench } from "../fakes/folderBench.ts"
import { createRagBench, inlineParser } from "../fakes/ragBench.ts"

let bench: FolderBench
beforeEach(async () => {
  bench = await createFolderBench({ tickMs: 50 })
})
afterEach(() => bench.close())

const documents = async (): Promise<DocumentRecord[]> =>
  (await bench.store.documents.list(ownerActor, { limit: 5000 })).items
const named = async (path: string): Promise<DocumentRecord | undefined> =>
  (await documents()).find((document) => document.path === `notes/${path}`)
const isReady = async (path: string): Promise<boolean> => (await named(path))?.status === "ready"
const says = async (path: string, text: string): Promise<boolean> =>
  ((await bench.passages())[path] ?? []).join("\n") === text
const watch = async (rules: { excludes?: string[]; followsGitignore?: boolean; maxFileBytes?: number } = {}) => {
  const { id } = await bench.folders.add(ownerActor, { path: bench.folder, ...rules })
  await bench.folders.settled(id)
  return id
}
const view = (id: string) => bench.folders.get(ownerActor, id)
const sleepless = { timeout: 30_000 }
/** A third of sixty files goes, the others change, and one comes. */
const checkout = async (): Promise<string[]> =>
  await Promise.all([
    bench.put("src/new.md", "Only on this branch."),
    ...Array.from({ length: 60 }, async (_, n) => {
      if (n % 3 > 0) return await bench.put(`src/file-${n}.md`, `Version two of ${n}.`)
      const gone = join(bench.folder, `src/file-${n}.md`)
      await rm(gone)
      return gone
    }),
  ])
const isOnOtherBranch = async (): Promise<boolean> => {
  const found = Object.values(await bench.passages())
  return found.length === 41 && found.every(([text]) => text?.startsWith("Version two") || text?.startsWith("Only"))
}
/** Not so on Windows, nor for the root user. */
function canBeDenied(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "zenglow-denied-"))
  chmodSync(folder, 0)
  try {
    readdirSync(folder)
    return false
  } catch {
    return true
  } finally {
    rmdirSync(folder)
  }
}

describe("a watched folder", () => {
  it("is read when it is added, and says what it is doing", async () => {
    await bench.put("a.md", "The gate opens at seven.")
    await bench.put("sub/b.md", "The pool closes at nine.")
    await bench.put("picture.xyz", "not a document")
    const id = await watch()
    expect(await bench.passages()).toEqual({
      "a.md": ["The gate opens at seven."],
      "sub/b.md": ["The pool closes at nine."],
    })
    expect(await view(id)).toMatchObject({
      name: "notes",
      state: "watching",
      documentCount: 2,
      skippedCount: 1,
      errorCount: 0,
    })
    expect((await documents()).every((document) => document.folderId === id)).toBe(true)
  })

  it("follows edits, careful saves, new files in new folders, and deletions", sleepless, async () => {
    await bench.put("a.md", "The gate opens at seven.")
    await watch()
    await bench.put("a.md", "The gate opens at eight.")
    await bench.until(() => says("a.md", "The gate opens at eight."))
    await bench.save("a.md", "The gate opens at nine.")
    await bench.until(() => says("a.md", "The gate opens at nine."))
    await bench.put("new/deep/b.md", "The pool closes at nine.")
    await bench.until(() => isReady("new/deep/b.md"))
    await rm(join(bench.folder, "new"), { recursive: true })
    await bench.until(async () => (await named("new/deep/b.md")) === undefined)
    expect((await bench.rag.ask("When does the gate open?")).passages[0]?.text).toBe("The gate opens at nine.")
  })

  it("keeps ids, passages and vectors of renamed and moved files, without embedding again", sleepless, async () => {
    await bench.put("plan.md", "The gate opens at seven.")
    await bench.put("dir/other.md", "The pool closes at nine.")
    await watch()
    const before = [await named("plan.md"), await named("dir/other.md")]
    const chunks = await bench.store.chunks.byDocument(ownerActor, before[0]?.id ?? "")
    const embedded = bench.embedded.length
    await rename(join(bench.folder, "plan.md"), join(bench.folder, "schedule.md"))
    await bench.until(() => isReady("schedule.md"))
    await rename(join(bench.folder, "dir"), join(bench.folder, "moved"))
    await bench.until(() => isReady("moved/other.md"))
    expect([(await named("schedule.md"))?.id, (await named("moved/other.md"))?.id]).toEqual(
      before.map((each) => each?.id),
    )
    expect((await named("schedule.md"))?.title).toBe("schedule")
    expect((await documents()).length).toBe(2)
    expect((await bench.store.chunks.byDocument(ownerActor, before[0]?.id ?? ""))[0]?.id).toBe(chunks[0]?.id)
    expect((await named("schedule.md"))?.hasVectors).toBe(true)
    expect(bench.embedded.length).toBe(embedded)
  })

  it(
    "embeds only the passages of a long document that changed, and keeps the ids of the others",
    sleepless,
    async () => {
      const parts = Array.from(
        { length: 60 },
        (_, at) => `## Part ${at}\n\n${`Part${at} tells a long story. `.repeat(20)}`,
      )
      await bench.put("book.md", `# Book\n\n${parts.join("\n\n")}`)
      await watch()
      const id = (await named("book.md"))?.id ?? ""
      await bench.until(async () => (await named("book.md"))?.hasVectors === true)
      const before = await bench.store.chunks.byDocument(ownerActor, id)
      expect(before.length).toBeGreaterThan(50)
      const embedded = bench.embedded.length
      parts[30] = `## Part 30\n\n${"The story took another turn. ".repeat(20)}`
      await bench.put("book.md", `# Book\n\n${parts.join("\n\n")}`)
      await bench.until(async () => {
        const book = await named("book.md")
        return book?.hasVectors === true && ((await bench.passages())["book.md"] ?? []).join().includes("another turn")
      })
      expect(bench.embedded.length - embedded).toBeLessThanOrEqual(2)
      const after = new Set((await bench.store.chunks.byDocument(ownerActor, id)).map((chunk) => chunk.id))
      expect(before.filter((chunk) => after.has(chunk.id)).length).toBeGreaterThanOrEqual(before.length - 2)
    },
  )

  it("follows a chain of renames in one breath", sleepless, async () => {
    await bench.put("a.md", "The gate opens at seven.")
    await bench.put("b.md", "The pool closes at nine.")
    await watch()
    const [a, b] = [await named("a.md"), await named("b.md")]
    await rename(join(bench.folder, "b.md"), join(bench.folder, "c.md"))
    await rename(join(bench.folder, "a.md"), join(bench.folder, "b.md"))
    await bench.until(async () => (await isReady("c.md")) && (await says("b.md", "The gate opens at seven.")))
    expect([(await named("b.md"))?.id, (await named("c.md"))?.id]).toEqual([a?.id, b?.id])
  })

  it("has the files of another branch, and none of the one before, after a checkout", sleepless, async () => {
    for (let n = 0; n < 60; n++) await bench.put(`src/file-${n}.md`, `Version one of file ${n}.`)
    await watch()
    await checkout()
    await bench.until(isOnOtherBranch)
  })

  it("reads what one report of the system names in one job, however many files it is", sleepless, async () => {
    let report = (_paths: string[]): void => {}
    await bench.close()
    bench = await createFolderBench({
      watch: async (_root, { onChange }) => {
        report = onChange
        return { close: async () => {} }
      },
    })
    for (let n = 0; n < 60; n++) await bench.put(`src/file-${n}.md`, `Version one of file ${n}.`)
    const id = await watch()
    expect(bench.jobs).toEqual(["notes"])
    const changed = await checkout()
    report(changed)
    await bench.folders.settled(id)
    expect(await isOnOtherBranch()).toBe(true)
    expect(bench.jobs).toEqual(["notes", "notes"])
  })

  it("leaves out what the excludes and .gitignore files name, also later", sleepless, async () => {
    await bench.put(".gitignore", "build/\n")
    await bench.put("build/a.md", "Built.")
    await bench.put("drafts/b.md", "Draft.")
    await bench.put("keep/c.md", "Kept.")
    await bench.put("keep/.gitignore", "secret.md\n")
    await bench.put("keep/secret.md", "Secret.")
    await bench.put("node_modules/p/readme.md", "Package.")
    const id = await watch({ excludes: ["drafts/", "*.log"] })
    expect(Object.keys(await bench.passages())).toEqual(["keep/c.md"])
    await bench.folders.change(ownerActor, id, { excludes: ["keep/"] })
    await bench.folders.settled(id)
    expect(Object.keys(await bench.passages())).toEqual(["drafts/b.md"])
    await bench.put(".gitignore", "drafts/\n")
    await bench.until(async () => Object.keys(await bench.passages()).join() === "build/a.md")
  })

  it("keeps out a document that the person removed from the index", sleepless, async () => {
    await bench.put("a [1].md", "The gate opens at seven.")
    await bench.put("b.md", "The pool closes at nine.")
    const id = await watch()
    const document = (await named("a [1].md")) as DocumentRecord
    await bench.folders.leaveOut(ownerActor, document)
    await bench.store.documents.delete(ownerActor, document.id)
    await bench.folders.rescan(ownerActor, id)
    await bench.folders.settled(id)
    expect(Object.keys(await bench.passages())).toEqual(["b.md"])
  })

  it("says which files it could not read, keeps going, and reads them when it can", sleepless, async () => {
    await bench.put("large.md", "x".repeat(3000))
    await bench.put("empty.md", "")
    await bench.put("good.md", "Good.")
    const id = await watch({ maxFileBytes: 2048 })
    const { errors, errorCount } = await view(id)
    expect(errors.map(({ path, code }) => [path, code]).sort()).toEqual([
      ["notes/empty.md", "document.empty"],
      ["notes/large.md", "document.too-large"],
    ])
    expect(errorCount).toBe(2)
    await bench.put("empty.md", "Not any more.")
    await bench.until(() => isReady("empty.md"))
    expect((await view(id)).errorCount).toBe(1)
  })

  it("follows no links, in circles or out of the folder", async () => {
    const outside = await mkdtemp(join(tmpdir(), "zenglow-outside-"))
    await writeFile(join(outside, "secret.md"), "Secret.")
    await bench.put("a.md", "Inside.")
    await symlink(bench.folder, join(bench.folder, "circle"), "junction")
    await symlink(outside, join(bench.folder, "out"), "junction")
    await watch()
    expect(Object.keys(await bench.passages())).toEqual(["a.md"])
    await rm(outside, { recursive: true })
  })

  it.skipIf(!canBeDenied())("keeps the documents of a folder it may not read any more", async () => {
    await bench.put("open/a.md", "Open.")
    await bench.put("closed/b.md", "Closed.")
    const id = await watch()
    await chmod(join(bench.folder, "closed"), 0)
    await bench.folders.rescan(ownerActor, id)
    await bench.folders.settled(id)
    expect(Object.keys(await bench.passages())).toEqual(["closed/b.md", "open/a.md"])
    expect((await view(id)).errors).toMatchObject([{ path: "notes/closed", code: "document.unreadable" }])
    await chmod(join(bench.folder, "closed"), 0o700)
  })

  it(
    "forgets nothing when the folder vanishes, marks its documents, and goes on when it is back",
    sleepless,
    async () => {
      await bench.put("a.md", "The gate opens at seven.")
      const id = await watch()
      const away = `${bench.folder}-away`
      await rename(bench.folder, away)
      await bench.until(async () => (await view(id)).state === "unreachable")
      expect((await named("a.md"))?.isAway).toBe(true)
      expect((await bench.rag.ask("When does the gate open?")).found).toBe(true)
      await writeFile(join(away, "a.md"), "The gate opens at eight.")
      await rename(away, bench.folder)
      await bench.until(() => says("a.md", "The gate opens at eight."))
      await bench.until(async () => (await view(id)).state === "watching")
      expect((await named("a.md"))?.isAway).toBe(false)
    },
  )

  it(
    "takes an empty folder in its place for an unmounted drive, but an emptied one for emptied",
    sleepless,
    async () => {
      await bench.put("a.md", "The gate opens at seven.")
      const id = await watch()
      await rename(bench.folder, `${bench.folder}-away`)
      await mkdir(bench.folder)
      await bench.until(async () => (await view(id)).state === "unreachable")
      expect(await documents()).toHaveLength(1)
      await rm(bench.folder, { recursive: true })
      await rename(`${bench.folder}-away`, bench.folder)
      await bench.until(async () => (await view(id)).state === "watching")
      await rm(join(bench.folder, "a.md"))
      await bench.until(async () => (await documents()).length === 0)
    },
  )

  it("rests while it is paused, and catches up when it goes on", sleepless, async () => {
    await bench.put("a.md", "The gate opens at seven.")
    await bench.put("b.md", "The pool closes at nine.")
    const id = await watch()
    await bench.folders.change(ownerActor, id, { isPaused: true })
    expect((await view(id)).state).toBe("paused")
    await bench.put("a.md", "The gate opens at eight.")
    await rm(join(bench.folder, "b.md"))
    await expect(bench.folders.rescan(ownerActor, id)).rejects.toMatchObject({ code: "request.conflict" })
    expect(Object.keys(await bench.passages())).toEqual(["a.md", "b.md"])
    await bench.folders.change(ownerActor, id, { isPaused: false })
    await bench.folders.settled(id)
    expect(await bench.passages()).toEqual({ "a.md": ["The gate opens at eight."] })
  })

  it("reconciles at the start what happened while nobody watched", async () => {
    await bench.put("a.md", "The gate opens at seven.")
    await bench.put("b.md", "The pool closes at nine.")
    await bench.put("c.md", "The bell rings at ten.")
    await watch()
    const kept = await named("c.md")
    await bench.folders.close()
    await bench.put("a.md", "The gate opens at eight.")
    await rm(join(bench.folder, "b.md"))
    await rename(join(bench.folder, "c.md"), join(bench.folder, "d.md"))
    const later = await createFolderBench({ store: bench.store, folder: bench.folder })
    await later.folders.start(ownerActor)
    const [folder] = await later.folders.list(ownerActor)
    await later.folders.settled(folder?.id ?? "")
    expect(await later.passages()).toEqual({
      "a.md": ["The gate opens at eight."],
      "d.md": ["The bell rings at ten."],
    })
    expect((await named("d.md"))?.id).toBe(kept?.id)
    expect(later.embedded).toHaveLength(1)
    await later.close()
  })

  it("is removed with its documents or without them; the files stay", async () => {
    await bench.put("a.md", "The gate opens at seven.")
    const first = await watch()
    await bench.folders.remove(ownerActor, first, "keep")
    expect((await documents()).map(({ folderId }) => folderId)).toEqual([null])
    const second = await watch()
    expect((await documents()).map(({ folderId }) => folderId)).toEqual([second])
    await bench.folders.remove(ownerActor, second, "remove")
    expect(await documents()).toEqual([])
    expect(await readdir(bench.folder)).toEqual(["a.md"])
  })

  it("is refused when it is a file, is missing, or overlaps with another one of the collection", async () => {
    await bench.put("sub/a.md", "One.")
    const id = await watch()
    const { collectionId } = await view(id)
    const add = (path: string) => bench.folders.add(ownerActor, { path: join(bench.folder, path), collectionId })
    await expect(add("sub/a.md")).rejects.toMatchObject({ code: "document.unreadable" })
    await expect(add("nowhere")).rejects.toMatchObject({ code: "document.unreadable" })
    await expect(add("sub")).rejects.toMatchObject({ code: "request.conflict" })
    await expect(add("..")).rejects.toMatchObject({ code: "request.conflict" })
  })

  it("looks at everything when the system cannot say what changed", sleepless, async () => {
    const heard: { paths?: (paths: string[]) => void } = {}
    const blind = await createFolderBench({
      watch: async (_root, { onChange, onBlind }) => {
        heard.paths = onChange
        onBlind(new Error("ENOSPC"))
        return { close: async () => {} }
      },
    })
    await blind.put("a.md", "One.")
    const { id } = await blind.folders.add(ownerActor, { path: blind.folder })
    await blind.folders.settled(id)
    expect((await blind.folders.get(ownerActor, id)).mode).toBe("polling")
    await blind.put("b.md", "Two.")
    heard.paths?.([])
    await blind.folders.settled(id)
    expect(Object.keys(await blind.passages())).toEqual(["a.md", "b.md"])
    await blind.close()
  })
})

describe("passages of a watched folder", () => {
  it(
    "leave the search the moment their file is seen to have changed, while the new ones are still being made",
    sleepless,
    async () => {
      const held = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()
      const slow = await createFolderBench({
        parser: {
          ...inlineParser,
          async parse(input, signal) {
            if (new TextDecoder().decode(input.bytes).includes("eight")) {
              reached.resolve()
              await held.promise
            }
            return inlineParser.parse(input, signal)
          },
        },
      })
      await slow.put("a.md", "The gate opens at seven.")
      const { id } = await slow.folders.add(ownerActor, { path: slow.folder })
      await slow.folders.settled(id)
      await slow.put("a.md", "The gate opens at eight.")
      await reached.promise
      expect((await slow.rag.ask("When does the gate open?")).ranked).toEqual([])
      // A still newer version overtakes the one that is stuck; what is made of it comes too late.
      await slow.put("a.md", "The gate opens at nine.")
      await slow.until(async () => (await slow.passages())["a.md"]?.[0] === "The gate opens at nine.")
      held.resolve()
      await slow.folders.settled(id)
      expect(await slow.passages()).toEqual({ "a.md": ["The gate opens at nine."] })
      await slow.close()
    },
  )

  it("are those of a fresh index after any edits, and never of other bytes than were seen last", {
    timeout: 120_000,
  }, async () => {
    const names = ["a.md", "b.md", "dir/c.md", "dir/deep/d.md", "other/e.md"]
    const name = fc.constantFrom(...names)
    const folder = fc.constantFrom("dir", "dir/deep", "other", "third")
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), path: name }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("save" as const), path: name }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), path: name }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("rename" as const), path: name, to: name }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("renameFolder" as const), path: folder, to: folder }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("deleteFolder" as const), path: folder }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("touch" as const), path: name }) },
    )
    const bursts = fc.array(fc.array(operation, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 4 })
    let version = 0
    await fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        const own = await createFolderBench()
        const texts = new Map<string, string>()
        const fresh = (): string => {
          const text = `Version word${++version}.`
          texts.set(createHash("sha256").update(text).digest("hex"), text)
          return text
        }
        const wrong: string[] = []
        const checks: Promise<void>[] = []
        own.onEvent(() => checks.push(checkBytes()))
        const checkBytes = async (): Promise<void> => {
          for (const document of (await own.store.documents.list(ownerActor, { limit: 100 })).items) {
            const [chunk] = await own.store.chunks.byDocument(ownerActor, document.id).catch(() => [])
            const now = await own.store.documents.get(ownerActor, document.id).catch(() => null)
            if (chunk && now?.contentHash === document.contentHash && chunk.text !== texts.get(document.contentHash)) {
              wrong.push(`${document.path}: ${chunk.text}`)
            }
          }
        }
        try {
          for (const path of names.slice(0, 3)) await own.put(path, fresh())
          const { id } = await own.folders.add(ownerActor, { path: own.folder })
          await own.folders.settled(id)
          for (const burst of all) {
            for (const each of burst) await apply(own.folder, each, fresh)
            const expected = await onDisk(own.folder)
            await own.until(async () => JSON.stringify(await sorted(own)) === JSON.stringify(expected))
            for (const [path, [text]] of Object.entries(expected)) {
              const { ranked } = await own.rag.ask(text ?? "")
              expect(ranked.map(({ chunk }) => chunk.text)).toContain(text)
              expect(ranked.every(({ chunk }) => Object.values(expected).flat().includes(chunk.text))).toBe(true)
              expect(path in expected).toBe(true)
            }
          }
          const index = createRagBench()
          await index.addPath(own.folder)
          const rebuilt = (await index.store.documents.list(ownerActor, { limit: 100 })).items
          const kept = (await own.store.documents.list(ownerActor, { limit: 100 })).items
          const row = ({ path, title, status, contentHash, chunkCount }: DocumentRecord) =>
            [path, title, status, contentHash, chunkCount].join(" ")
          expect(kept.map(row).sort()).toEqual(rebuilt.map(row).sort())
          await Promise.all(checks)
          expect(wrong).toEqual([])
        } finally {
          await own.close()
        }
      }),
      { numRuns: 8, seed: 20_261_123, endOnFailure: true },
    )
  })
})

type Operation = { kind: string; path: string; to?: string }

/** One change on the disk; what is not there changes nothing. */
async function apply(root: string, { kind, path, to = "" }: Operation, fresh: () => string): Promise<void> {
  const file = join(root, path)
  const target = join(root, to)
  const ignoring = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined)
  if (kind === "write" || kind === "save") {
    await ignoring(mkdir(dirname(file), { recursive: true }))
    if (kind === "write") await ignoring(writeFile(file, fresh()))
    else {
      await ignoring(writeFile(`${file}.tmp`, fresh()))
      await ignoring(rename(`${file}.tmp`, file))
    }
  } else if (kind === "delete") await ignoring(rm(file))
  else if (kind === "deleteFolder") await ignoring(rm(file, { recursive: true }))
  else if (kind === "touch") await ignoring(utimes(file, new Date(), new Date()))
  else {
    await ignoring(mkdir(dirname(target), { recursive: true }))
    await ignoring(rename(file, target))
  }
}

/** What a fresh index would hold: path to passages. */
async function onDisk(root: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".md")) continue
    const file = join(entry.parentPath, entry.name)
    found[file.slice(root.length + 1).replaceAll("\\", "/")] = [await readFile(file, "utf8")]
  }
  return Object.fromEntries(Object.entries(found).sort())
}

const sorted = async (bench: FolderBench) => Object.fromEntries(Object.entries(await bench.passages()).sort())
