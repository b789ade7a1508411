import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { createRagBench } from "../fakes/ragBench.ts"

const victim = fileURLToPath(new URL("../fakes/folderVictim.ts", import.meta.url))
/** Events after which each victim is killed; the full run asks for more. */
const kills = process.env.ZENGLOW_TEST_FULL ? [5, 40, 90, 150, 210, 300, 420, 560, 700, 900] : [40, 300, 700]
/** Chunks of two requests to the embedder: what may be made twice for one kill. */
const twoBatches = 64

interface Line {
  embedded?: string[]
  settled?: boolean
}

let directory: string
let folder: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-crash-"))
  folder = join(directory, "notes")
  await mkdir(folder)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Runs a victim to its own end, or kills it with the given line. */
async function run(killAt: number | null): Promise<Line[]> {
  const args = [folder, join(directory, "zenglow.db"), join(directory, "backups"), killAt === null ? "once" : "stay"]
  const child = fork(victim, args, { stdio: ["ignore", "pipe", "inherit", "ipc"], execArgv: [] })
  const exited = once(child, "exit")
  const lines: Line[] = []
  if (!child.stdout) throw new Error("The victim has no stdout.")
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line
    lines.push(line)
    if (killAt !== null && (lines.length === killAt || line.settled)) child.kill("SIGKILL")
  }
  await exited
  return lines
}

async function contents(store: Store): Promise<string[]> {
  const { items } = await store.documents.list(ownerActor, { limit: 5000 })
  const rows = items.map(async ({ id, path, title, status, contentHash }) => {
    const chunks = await store.chunks.byDocument(ownerActor, id)
    return JSON.stringify([path, title, status, contentHash, chunks.map(({ text }) => text)])
  })
  return (await Promise.all(rows)).sort()
}

it("a watched folder survives kill -9 anywhere: complete, sound, and hardly anything made twice", {
  timeout: 180_000,
}, async () => {
  const small = (n: number, version = 1) => `# Note ${n}\n\nVersion ${version} of the unique note number${n}x.\n`
  const long = (n: number) =>
    Array.from(
      { length: 90 },
      (_, at) => `## Part ${at}\n\n${`Book${n} part${at} tells a long story. `.repeat(14)}`,
    ).join("\n\n")
  for (let n = 0; n < 150; n++) await writeFile(join(folder, `note-${n}.md`), small(n))
  for (let n = 0; n < 2; n++) await writeFile(join(folder, `book-${n}.md`), long(n))

  const made = new Map<string, number>()
  const count = (lines: Line[]): void => {
    for (const { embedded = [] } of lines) for (const text of embedded) made.set(text, (made.get(text) ?? 0) + 1)
  }
  const repeated = (): number => [...made.values()].reduce((sum, times) => sum + times - 1, 0)
  let killed = 0
  for (const [round, killAt] of kills.entries()) {
    const before = repeated()
    count(await run(killAt))
    killed++
    expect(repeated() - before).toBeLessThanOrEqual(twoBatches * killed)
    // While nobody watches, the person goes on.
    await writeFile(join(folder, `note-${round}.md`), small(round, 2 + round))
    await rm(join(folder, `note-${20 + round}.md`))
    await rename(join(folder, `note-${40 + round}.md`), join(folder, `renamed-${round}.md`))
  }
  const last = await run(null)
  count(last)
  expect(last.at(-1)?.settled).toBe(true)
  expect(repeated()).toBeLessThanOrEqual(twoBatches * killed)

  const store = await openSqliteStore({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    log: silentLogger,
  })
  const check = await store.check("full")
  expect(check).toMatchObject({ integrity: "ok", problems: [] })
  const fresh = createRagBench()
  await fresh.addPath(folder)
  expect(await contents(store)).toEqual(await contents(fresh.store))
  expect(check.counts.vectors).toBe(check.counts.chunks)

  // Nothing changed since: nothing is made again.
  await store.close()
  expect((await run(null)).some(({ embedded }) => embedded)).toBe(false)
})
