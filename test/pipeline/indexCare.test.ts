import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import * as sqliteVec from "sqlite-vec"
import { afterEach, beforeEach, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import type { JobProgress, StoredJob } from "#core/jobs.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeEmbedder, type FakeEmbedderOptions } from "#engines/fake/fakeEmbedder.ts"
import type { Embedder } from "#engines/types.ts"
import { createIndexCare } from "#rag/indexCare.ts"
import { reindexRunner } from "#rag/jobRunners.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import { waitForSpace } from "#rag/waitForSpace.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { createRagBench } from "../fakes/ragBench.ts"

const never = new AbortController().signal
const passages = 120
let directory: string
let store: Store
const file = () => join(directory, "zenglow.db")
const open = (maxSizeBytes?: number) =>
  openSqliteStore({ file: file(), backupDir: join(directory, "backups"), log: silentLogger, maxSizeBytes })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-care-"))
  store = await open()
  const { id } = await store.collections.create(ownerActor, { name: "Notes" })
  await write(
    id,
    "notes",
    Array.from({ length: passages }, (_, n) => `passage number${n} about walrus`),
  )
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

async function write(collectionId: string, name: string, texts: string[], text = ""): Promise<string> {
  const { document } = await store.documents.upsert(ownerActor, {
    collectionId,
    title: name,
    path: `${name}.md`,
    kind: "md",
    sizeBytes: 1,
    filePath: null,
    contentHash: name,
  })
  await store.documents.writeContent(ownerActor, document.id, {
    text,
    pages: [],
    pageCount: null,
    chunks: texts.map((body, ordinal) => ({
      ordinal,
      text: body,
      headingPath: [],
      page: null,
      start: 0,
      end: body.length,
      tokenCount: 4,
    })),
    vectors: null,
    fingerprint: null,
  })
  return document.id
}

function setUp(options: FakeEmbedderOptions = {}) {
  let embedder: Embedder | null = createFakeEmbedder(options)
  const vectorIndex = createVectorIndex({ chunks: store.chunks, embedder: () => embedder, log: silentLogger })
  const care = createIndexCare({ chunks: store.chunks, vectorIndex, embedder: () => embedder, log: silentLogger })
  return {
    vectorIndex,
    care,
    use: (other: Embedder | null) => {
      embedder = other
    },
    codes: async () => (await care.inspect()).map(({ code }) => code),
    repair: () => care.repair(ownerActor, never, () => {}),
  }
}

/** Changes the file behind the store's back, and opens it again. */
async function damage(sql: string): Promise<void> {
  await store.close()
  const db = new Database(file())
  sqliteVec.load(db)
  db.exec(sql)
  db.close()
  store = await open()
}
const byMeaning = async (text: string) => {
  const [vector] = await createFakeEmbedder().embed([text], "query", never)
  const query = { vector: vector ?? new Float32Array(32), fingerprint: "fake-v1", limit: passages }
  return (await store.chunks.searchVector(ownerActor, query)).map(({ chunk }) => chunk.text)
}
const byWords = async (term: string) =>
  (await store.chunks.searchLexical(ownerActor, { terms: [term], limit: passages })).map(({ chunk }) => chunk.text)

it("finds nothing wrong with an index that was built to its end", async () => {
  const { repair, codes, care } = setUp()
  expect(await codes()).toEqual(["vectors-missing"])
  await repair()
  expect(await codes()).toEqual([])
  expect(await care.sweep(never)).toBe(0)
  expect(await byMeaning("number7")).toHaveLength(passages)
})

it.each([
  ["vectors gone from under their notes", "DELETE FROM vectors_1 WHERE seq % 3 = 0", "half-written"],
  ["notes gone from over their vectors", "DELETE FROM chunk_vectors WHERE chunk_seq % 3 = 0", "half-written"],
  ["the table of vectors gone", "DROP TABLE vectors_1", "half-written"],
  [
    "passages gone from the word index",
    `INSERT INTO chunks_fts (chunks_fts, rowid, title, headings, body)
     SELECT 'delete', seq, title, headings, body FROM chunks WHERE seq % 3 = 0`,
    "words-differ",
  ],
  [
    "vectors never written",
    "DELETE FROM chunk_vectors WHERE chunk_seq > 5; DELETE FROM vectors_1 WHERE seq > 5",
    "vectors-missing",
  ],
])("names and repairs %s", async (_name, sql, code) => {
  await setUp().repair()
  await damage(sql)
  const { codes, repair } = setUp()
  expect(await codes()).toContain(code)
  expect((await byWords("walrus")).length).toBeGreaterThan(0)
  expect((await byMeaning("walrus")).length).toBeLessThanOrEqual(passages)
  await repair()
  expect(await codes()).toEqual([])
  expect(await byWords("walrus")).toHaveLength(passages)
  expect(await byMeaning("walrus")).toHaveLength(passages)
  expect((await store.check("full")).problems).toEqual([])
})

it("takes out vectors that are NaN, zero or too short, and makes them again", async () => {
  await setUp().repair()
  await damage(`UPDATE vectors_1 SET vector = (SELECT CAST(x'0000C07F' || substr(vector, 5) AS BLOB)) WHERE seq = 3;
    UPDATE vectors_1 SET vector = zeroblob(length(vector)) WHERE seq = 4;
    UPDATE vectors_1 SET vector = x'00000000' WHERE seq = 5`)
  const { care, codes, repair } = setUp()
  // What is damaged is only not found by meaning; everything else is.
  expect(await byMeaning("walrus")).toHaveLength(passages - 3)
  expect(await care.sweep(never)).toBe(3)
  expect(await codes()).toEqual(["vectors-missing"])
  await repair()
  expect(await codes()).toEqual([])
  expect(await byMeaning("walrus")).toHaveLength(passages)
})

it("answers by words while the vectors are those of another model, and swaps when all are made", async () => {
  const { use, codes, vectorIndex, repair } = setUp()
  await repair()
  use(createFakeEmbedder({ fingerprint: "other", dimensions: 16 }))
  expect(await codes()).toEqual(["other-embedder"])
  expect(await vectorIndex.queryEmbedder()).toBeNull()
  expect(await byWords("number7")).toEqual(["passage number7 about walrus"])
  await repair()
  expect(await codes()).toEqual([])
  expect((await vectorIndex.queryEmbedder())?.fingerprint).toBe("other")
})

it("stores no NaN: a document is then found by words, a rebuild fails with its reason", async () => {
  const broken: Embedder = {
    ...createFakeEmbedder(),
    embed: async (texts) => texts.map(() => new Float32Array(32).fill(Number.NaN)),
  }
  const { use, repair } = setUp()
  use(broken)
  await expect(repair()).rejects.toMatchObject({ code: "store.bad-vector" })
  expect(await store.chunks.indexHealth()).toMatchObject({ members: 0, vectors: 0 })
  expect(await byWords("number7")).toHaveLength(1)
})

it("rolls a batch back when the disk is full, says so, and goes on with it when there is space", async () => {
  const [collection] = await store.collections.list(ownerActor)
  const filler = await write(collection?.id ?? "", "filler", ["filler"], "x".repeat(1_500_000))
  await store.close()
  store = await open((await stat(file())).size + 150_000)
  const embedded: string[] = []
  const { vectorIndex, care } = setUp({ dimensions: 1024, onEmbed: (texts) => void embedded.push(...texts) })
  const said: string[] = []
  const report = (progress: JobProgress): void => {
    if (progress.current) said.push(progress.current)
  }
  const seen: { members: number; vectors: number }[] = []
  const runner = waitForSpace(
    { lane: "x", run: (_job, actor, _report, signal) => vectorIndex.rebuild(actor, signal, () => {}) },
    async () => {
      seen.push(await store.chunks.indexHealth())
      expect(await byWords("number7")).toHaveLength(1)
      await store.documents.delete(ownerActor, filler)
    },
  )
  await runner.run({ payload: {} } as StoredJob, ownerActor, report, never)
  expect(said.join()).toMatch(/disk is full/)
  expect(seen).toHaveLength(1)
  expect(seen[0]?.members).toBe(seen[0]?.vectors)
  expect(seen[0]?.members).toBeGreaterThan(0)
  expect(seen[0]?.members).toBeLessThan(passages)
  expect(await care.inspect()).toEqual([])
  expect(embedded.length - passages).toBeLessThanOrEqual(33)
  expect((await store.check("full")).problems).toEqual([])
})

it("repairs as a job that tells how far it is", async () => {
  await setUp().repair()
  await damage("DELETE FROM vectors_1 WHERE seq % 2 = 0")
  const { vectorIndex, care } = setUp()
  const told: JobProgress[] = []
  const job = { payload: { isRepair: true } } as StoredJob
  await reindexRunner(vectorIndex, care, { run: async () => {} }).run(
    job,
    ownerActor,
    (progress) => told.push(progress),
    never,
  )
  expect(new Set(told.map(({ current }) => current))).toEqual(new Set(["Words", "Checking vectors", "Vectors"]))
  expect(told.at(-1)).toMatchObject({ done: passages, total: passages })
})

it("stops an ingest when the disk is full, blames no file for it, and goes on when there is space", async () => {
  const [collection] = await store.collections.list(ownerActor)
  const filler = await write(collection?.id ?? "", "filler", ["filler"], "x".repeat(2_000_000))
  await store.close()
  store = await open((await stat(file())).size + 500_000)
  const folder = join(directory, "files")
  await mkdir(folder)
  const text = (n: number) =>
    Array.from({ length: 400 }, (_, line) => `Line ${line} of file number ${n} speaks of harbour ${n}-${line}.`).join(
      "\n\n",
    )
  for (let n = 0; n < 8; n++) await writeFile(join(folder, `file${n}.md`), text(n))
  const { ingest } = createRagBench({ store })
  const states = async () => {
    const { items } = await store.documents.list(ownerActor, { limit: 100 })
    return items.filter(({ path }) => path.includes("file")).map(({ status }) => status)
  }
  const seen: string[][] = []
  const payload = { type: "path" as const, collectionId: collection?.id ?? "", path: folder }
  const runner = waitForSpace(
    {
      lane: "x",
      run: async (_job, actor, _report, signal) =>
        void (await ingest.run(actor, payload, { signal, progress: () => {} })),
    },
    async () => {
      seen.push(await states())
      expect(await store.check("full")).toMatchObject({ integrity: "ok", isWritable: false })
      await store.documents.delete(ownerActor, filler)
    },
  )
  await runner.run({ payload: {} } as StoredJob, ownerActor, () => {}, never)
  expect(seen.length).toBeGreaterThan(0)
  expect(seen[0]).not.toContain("failed")
  expect(seen[0]?.every((status) => status === "ready")).toBe(false)
  expect(await states()).toEqual(Array.from({ length: 8 }, () => "ready"))
  const health = await store.chunks.indexHealth()
  expect(health.words).toBe(health.chunks)
  expect((await store.check("full")).problems).toEqual([])
})
