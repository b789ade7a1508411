import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { createDocuments, type Documents } from "#rag/documents.ts"
import type { IngestPayload, IngestSummary } from "#rag/ingest.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { DocumentRecord } from "#store/types.ts"
import { makeDocx, makePdf, makeZipBomb, wordParagraph } from "../fakes/documents.ts"
import { noticePng } from "../fakes/pictures.ts"
import { createRagBench, inlineParser, type RagBench } from "../fakes/ragBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

let folder: string
let bench: RagBench
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zenglow-ingest-"))
  bench = createRagBench()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = async (path: string, content: string | Uint8Array): Promise<string> => {
  const file = join(folder, path)
  await mkdir(join(file, ".."), { recursive: true })
  await writeFile(file, content)
  return file
}
const documents = async (of = bench): Promise<DocumentRecord[]> =>
  (await of.store.documents.list(ownerActor, { limit: 1000 })).items
const byName = async (): Promise<Record<string, DocumentRecord>> =>
  Object.fromEntries((await documents()).map((document) => [basename(document.path), document]))
const runAgain = async (collectionId: string): Promise<IngestSummary> =>
  bench.ingest.run(
    ownerActor,
    { type: "path", collectionId, path: folder },
    { signal: new AbortController().signal, progress: () => {} },
  )

const bytesOf = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

describe("a folder", () => {
  it("is read to the last file whatever the others are, and each bad one says why", async () => {
    const page = [{ text: "The deposit is 900 euros.", x: 50, y: 700 }]
    await put("good.md", "# Rent\n\nThe rent is 700 euros a month.")
    await put("good.pdf", makePdf([page]))
    await put("sub/good.docx", makeDocx(wordParagraph("The late fee is 15 euros.")))
    await put("wrong.txt", makePdf([page]))
    await put("empty.txt", "")
    await put("locked.pdf", makePdf([page], { isEncrypted: true }))
    await put("scanned.pdf", makePdf([[], []]))
    await put("truncated.pdf", makePdf([page]).subarray(0, 100))
    await put("bomb.docx", makeZipBomb(70))
    await put("picture.jpg", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))
    await put("large.txt", new Uint8Array(200 * 1024 * 1024 + 1).fill(97))
    await put("long.txt", new Uint8Array(21_000_000).fill(97))
    await put(".hidden/secret.md", "Hidden.")
    await put("node_modules/package/readme.md", "Package.")
    await bench.addPath(folder)

    const found = await byName()
    const outcome = Object.fromEntries(
      Object.entries(found).map(([name, { status, error }]) => [name, error?.code ?? status]),
    )
    expect(outcome).toEqual({
      "good.md": "ready",
      "good.pdf": "ready",
      "good.docx": "ready",
      "wrong.txt": "ready",
      "empty.txt": "document.empty",
      "locked.pdf": "document.encrypted",
      "scanned.pdf": "document.no-text",
      "truncated.pdf": "document.damaged",
      "bomb.docx": "document.too-large",
      "picture.jpg": "document.unsupported",
      "large.txt": "document.too-large",
      "long.txt": "document.too-large",
    })
    expect(found["wrong.txt"]?.kind).toBe("pdf")
    expect(found["good.docx"]?.path).toBe(`${basename(folder)}/sub/good.docx`)
    for (const { status, error } of Object.values(found)) if (status === "failed") expect(error?.remedy).toBeTruthy()
    expect((await bench.ask("What is the late fee?")).passages[0]?.text).toContain("15 euros")
  })

  it("is skipped when nothing changed, and only what changed is read again", async () => {
    await put("a.md", "The gate opens at seven.")
    await put("b.md", "The pool closes at nine.")
    const collectionId = await bench.addPath(folder)
    expect(await runAgain(collectionId)).toEqual({ indexed: 0, unchanged: 2, failed: 0, removed: 0 })
    const before = await byName()
    await put("a.md", "The gate opens at eight.")
    expect(await runAgain(collectionId)).toEqual({ indexed: 1, unchanged: 1, failed: 0, removed: 0 })
    const after = await byName()
    expect(after["a.md"]?.id).toBe(before["a.md"]?.id)
    const texts = (await bench.ask("When does the gate open?")).ranked.map(({ chunk }) => chunk.text)
    expect(texts).toContain("The gate opens at eight.")
    expect(texts).not.toContain("The gate opens at seven.")
  })

  it("loses the documents of files that are gone", async () => {
    await put("a.md", "The gate opens at seven.")
    const gone = await put("b.md", "The pool closes at nine.")
    const collectionId = await bench.addPath(folder)
    await rm(gone)
    expect((await runAgain(collectionId)).removed).toBe(1)
    expect(Object.keys(await byName())).toEqual(["a.md"])
    expect((await bench.ask("When does the pool close?")).found).toBe(false)
  })
})

describe("an ingest", () => {
  it("reports stages and progress as they come", async () => {
    await put("a.md", "One.")
    await put("b.md", "Two.")
    const stages: string[] = []
    const of = createRagBench({
      parser: {
        ...inlineParser,
        async parse(input, signal) {
          stages.push(
            ...(await documents(of)).filter((document) => document.status === "working").map((each) => each.stage),
          )
          return inlineParser.parse(input, signal)
        },
      },
    })
    const collection = await of.store.collections.create(ownerActor, { name: "c" })
    const seen: { done: number; total: number }[] = []
    await of.ingest.run(
      ownerActor,
      { type: "path", collectionId: collection.id, path: folder },
      { signal: new AbortController().signal, progress: ({ done, total }) => seen.push({ done, total }) },
    )
    expect(stages).toContain("parse")
    expect(seen[0]).toEqual({ done: 0, total: 2 })
    expect(seen.at(-1)).toEqual({ done: 2, total: 2 })
    expect((await documents(of)).map((document) => document.stage)).toEqual(["ready", "ready"])
  })

  it("stops when it is cancelled, keeps what was finished, and goes on when it is run again", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) await put(`${name}.md`, `Sentence of ${name}.`)
    const abort = new AbortController()
    const of = createRagBench({
      parser: {
        ...inlineParser,
        async parse(input, signal) {
          if (input.fileName === "d.md" && !abort.signal.aborted) abort.abort(new Error("cancelled"))
          signal.throwIfAborted()
          return inlineParser.parse(input, signal)
        },
      },
    })
    const collection = await of.store.collections.create(ownerActor, { name: "c" })
    const payload: IngestPayload = { type: "path", collectionId: collection.id, path: folder }
    await expect(of.ingest.run(ownerActor, payload, { signal: abort.signal, progress: () => {} })).rejects.toThrow(
      "cancelled",
    )
    const finished = (await documents(of)).filter((document) => document.status === "ready").length
    await of.ingest.discard(ownerActor, payload)
    expect((await documents(of)).every((document) => document.status === "ready")).toBe(true)
    expect(await documents(of)).toHaveLength(finished)
    const summary = await of.ingest.run(ownerActor, payload, {
      signal: new AbortController().signal,
      progress: () => {},
    })
    expect(summary).toMatchObject({ unchanged: finished, indexed: 6 - finished, failed: 0 })
  })

  it("has let go of every file when a cancelled run ends: none is read on, and none is called broken", async () => {
    for (const name of ["a", "b"]) await put(`${name}.md`, `Sentence of ${name}.`)
    const abort = new AbortController()
    const order: string[] = []
    const store = createMemoryStore()
    const held = Promise.withResolvers<void>()
    const { setStage } = store.documents
    store.documents.setStage = async (actor, id, stage, ...rest) => {
      const document = await store.documents.get(actor, id)
      if (basename(document.path) === "b.md" && stage === "parse") {
        held.resolve()
        while (!abort.signal.aborted || !order.includes("turned")) await new Promise(setImmediate)
        order.push(`noted b.md ${rest[0]}`)
      }
      return setStage(actor, id, stage, ...rest)
    }
    const of = createRagBench({
      store,
      parser: {
        ...inlineParser,
        async parse(input, signal) {
          order.push(`parse ${input.fileName} ${input.bytes.byteLength}`)
          await held.promise
          abort.abort(new Error("cancelled"))
          setImmediate(() => order.push("turned"))
          signal.throwIfAborted()
          return inlineParser.parse(input, signal)
        },
      },
    })
    const collection = await store.collections.create(ownerActor, { name: "c" })
    const payload: IngestPayload = { type: "path", collectionId: collection.id, path: folder }
    await of.ingest
      .run(ownerActor, payload, { signal: abort.signal, progress: () => {} })
      .catch(() => order.push("ended"))
    expect(order).toEqual(["parse a.md 14", "turned", "noted b.md working", "ended"])
  })

  it("goes on after the reader dies on one file", async () => {
    await put("a.md", "Good one.")
    await put("b.md", "Deadly one.")
    await put("c.md", "Another good one.")
    bench = createRagBench({
      parser: {
        ...inlineParser,
        parse: async (input, signal) => {
          if (input.fileName === "b.md") throw new AppError("document.timeout", "Too slow.", { remedy: "Split it." })
          return inlineParser.parse(input, signal)
        },
      },
    })
    await bench.addPath(folder)
    const found = await byName()
    expect(found["b.md"]?.error).toEqual({ code: "document.timeout", message: "Too slow.", remedy: "Split it." })
    expect([found["a.md"]?.status, found["c.md"]?.status]).toEqual(["ready", "ready"])
  })

  it("makes documents searchable by words without an embedder, and by meaning when one arrives", async () => {
    await put("a.md", "The gate opens at seven.")
    bench = createRagBench({ embedder: null })
    const collectionId = await bench.addPath(folder)
    expect((await documents())[0]?.hasVectors).toBe(false)
    expect((await bench.ask("When does the gate open?")).found).toBe(true)
    bench.useEmbedder(createWordEmbedder())
    await runAgain(collectionId)
    expect((await documents())[0]?.hasVectors).toBe(true)
    expect((await bench.ask("When does the gate open?")).embedder).not.toBeNull()
  })

  it("keeps a document findable by words when the embedder fails", async () => {
    await put("a.md", "The gate opens at seven.")
    const broken = createWordEmbedder({
      onEmbed: () => {
        throw new AppError("engine.crashed", "Gone.")
      },
    })
    bench = createRagBench({ embedder: broken })
    await bench.addPath(folder)
    expect((await documents())[0]).toMatchObject({ status: "ready", hasVectors: false })
  })

  it("gives a large document its vectors after the words", async () => {
    const sections = Array.from(
      { length: 300 },
      (_, n) => `# Chapter ${n}\n\n${`Paragraph ${n} tells a long story. `.repeat(12)}`,
    )
    await put("book.md", sections.join("\n\n"))
    await bench.addPath(folder)
    const [book] = await documents()
    expect(book?.chunkCount).toBeGreaterThan(256)
    expect(book?.hasVectors).toBe(true)
  })
})

describe("documents", () => {
  let uploads: string
  let service: Documents
  const started: IngestPayload[] = []
  const finish = async (): Promise<void> => {
    for (const payload of started.splice(0)) {
      await bench.ingest.run(ownerActor, payload, { signal: new AbortController().signal, progress: () => {} })
    }
  }
  beforeEach(() => {
    uploads = join(folder, "uploads")
    started.length = 0
    service = createDocuments({
      store: bench.store,
      uploadsDir: uploads,
      sampleDir: fileURLToPath(new URL("../../main/rag/sample", import.meta.url)),
      startJob: async (_actor, job) => {
        started.push(job.payload)
        return { id: "job" }
      },
    })
  })

  it("sends the picture of a document to its person, by what its bytes are now, and nothing else", async () => {
    const path = await put("photo.png", "The picture's text stands in for it.")
    const pictures = createRagBench({
      parser: {
        ...inlineParser,
        parse: async (input, of) => ({ ...(await inlineParser.parse(input, of)), kind: "image" }),
      },
    })
    const [uploadsDir, sampleDir] = [join(folder, "uploads"), join(folder, "sample")]
    const shown = createDocuments({
      store: pictures.store,
      uploadsDir,
      sampleDir,
      startJob: async () => ({ id: "job" }),
    })
    await pictures.addPath(folder)
    const id = (await documents(pictures))[0]?.id as string
    const code = (wanted: string) => expect.objectContaining({ code: wanted })
    await expect(shown.picture(ownerActor, id)).rejects.toEqual(code("document.unsupported"))
    await writeFile(path, noticePng)
    const { contentType, body } = await shown.picture(ownerActor, id)
    expect(contentType).toBe("image/png")
    expect(await bytesOf(body)).toEqual(Buffer.from(noticePng))
    await expect(shown.picture({ ...ownerActor, personId: "somebody-else" }, id)).rejects.toEqual(
      code("document.not-found"),
    )
    await rm(path)
    await expect(shown.picture(ownerActor, id)).rejects.toEqual(code("document.unreadable"))
  })

  it("keeps uploads, replaces them by path, and removes them with the document", async () => {
    const path = await put("source.md", "The gate opens at seven.")
    await service.upload(ownerActor, [{ path, relativePath: "home/../rules\\gate.md" }], null)
    await finish()
    const [document] = (await service.list(ownerActor, { limit: 10 })).items
    expect(document?.path).toBe("home/rules/gate.md")
    expect(document).not.toHaveProperty("filePath")
    await put("source.md", "The gate opens at eight.")
    await service.upload(ownerActor, [{ path, relativePath: "home/rules/gate.md" }], null)
    await finish()
    expect(await documents()).toHaveLength(1)
    expect((await bench.ask("When does the gate open?")).passages[0]?.text).toContain("eight")
    await service.delete(ownerActor, document?.id ?? "")
    expect(await documents()).toHaveLength(0)
    expect(await readdir(join(uploads, document?.collectionId ?? ""))).toEqual([])
  })

  it("never deletes a file that is not an upload", async () => {
    const path = await put("kept.md", "Mine.")
    await service.addPath(ownerActor, path, null)
    await finish()
    const [document] = await documents()
    await service.delete(ownerActor, document?.id ?? "")
    expect(await readdir(folder)).toContain("kept.md")
  })

  it("keeps one collection per added path", async () => {
    await put("a.md", "One.")
    const first = await service.addPath(ownerActor, folder, null)
    const second = await service.addPath(ownerActor, folder, null)
    expect(second.collectionId).toBe(first.collectionId)
    await expect(service.addPath(ownerActor, join(folder, "nowhere"), null)).rejects.toMatchObject({
      code: "document.unreadable",
    })
  })

  it("shows a passage inside its document", async () => {
    await service.addText(ownerActor, "First part.\n\nThe gate opens at seven.", "Rules", null)
    await finish()
    const passage = (await bench.ask("When does the gate open?")).passages[0]
    const source = await service.source(ownerActor, passage?.documentId ?? "", passage?.chunkId ?? "")
    expect(source.title).toBe("Rules")
    expect(source.text.slice(source.highlight?.start, source.highlight?.end)).toContain("The gate opens at seven.")
  })

  it("reads a document again on request even when its bytes are the same", async () => {
    await service.addText(ownerActor, "The gate opens at seven.", "Rules", null)
    await finish()
    const [document] = await documents()
    await service.reindex(ownerActor, document?.id ?? "")
    const [payload] = started
    const options = { signal: new AbortController().signal, progress: () => {} }
    expect((await bench.ingest.run(ownerActor, payload as IngestPayload, options)).indexed).toBe(1)
  })

  it("brings the sample once, also when it was deleted", async () => {
    const collection = await service.ensureSampleCollection(ownerActor)
    await finish()
    expect(collection?.isSample).toBe(true)
    expect((await bench.ask("How often should the filter be changed?")).passages[0]?.title).toContain("Brookwell")
    await bench.store.collections.delete(ownerActor, collection?.id ?? "")
    expect(await service.ensureSampleCollection(ownerActor)).toBeNull()
    expect(started).toEqual([])
  })
})
