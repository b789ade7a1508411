import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import * as sqliteVec from "sqlite-vec"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { type Actor, ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { nearest } from "#store/nearest.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { SearchFilter, Store } from "#store/types.ts"
import { createGeneratedLibrary, createRandom } from "../fakes/generatedLibrary.ts"

const stranger: Actor = { personId: "stranger", scopes: ["owner"] }
const documentCount = 400
const perDocument = 5
const dimensions = 64

/** What SQLite and brute force say of the same rows. */
function openReference(file: string) {
  const db = new Database(file)
  sqliteVec.load(db)
  const vectors = () =>
    db
      .prepare(
        "SELECT k.id, k.seq, d.id AS document, v.vector FROM vectors_1 v JOIN chunks k ON k.seq = v.seq JOIN documents d ON d.seq = k.document_seq",
      )
      .all() as { id: string; seq: number; document: string; vector: Buffer }[]
  return {
    words: (match: string, limit: number) =>
      db
        .prepare(
          `SELECT k.id, d.id AS document, -bm25(chunks_fts, 3, 2, 1) AS score FROM chunks_fts JOIN chunks k ON k.seq = chunks_fts.rowid
            JOIN documents d ON d.seq = k.document_seq WHERE chunks_fts MATCH ? ORDER BY score DESC, k.seq LIMIT ?`,
        )
        .all(match, limit) as { id: string; document: string; score: number }[],
    nearest(vector: Float32Array, isAllowed: (document: string) => boolean, limit: number): string[] {
      const rows = vectors().filter(({ document }) => isAllowed(document))
      const ids = new Map(rows.map(({ seq, id }) => [seq, id]))
      const floats = rows.map(
        ({ seq, vector: bytes }) => [seq, new Float32Array(new Uint8Array(bytes).buffer)] as const,
      )
      return nearest(vector, floats, limit).map(({ seq }) => ids.get(seq) ?? "")
    },
    close: () => db.close(),
  }
}

describe("search over a generated library", () => {
  const library = createGeneratedLibrary(11, dimensions)
  let directory: string
  let store: Store
  let reference: ReturnType<typeof openReference>
  const documents: string[] = []

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "zenglow-search-"))
    const file = join(directory, "zenglow.db")
    store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger })
    for (const [actor, name] of [
      [ownerActor, "Mine"],
      [stranger, "Theirs"],
    ] as const) {
      const collection = await store.collections.create(actor, { name })
      await library.write(
        actor,
        store,
        collection.id,
        actor === ownerActor ? documentCount * perDocument : 100,
        perDocument,
      )
    }
    documents.push(...(await store.documents.list(ownerActor, { limit: 5000 })).items.map(({ id }) => id))
    reference = openReference(file)
  })
  afterAll(async () => {
    reference.close()
    await store.close()
    await rm(directory, { recursive: true, force: true })
  })

  const byVector = (vector: Float32Array, filter: SearchFilter, limit = 10) =>
    store.chunks
      .searchVector(ownerActor, { vector, fingerprint: "generated", limit, ...filter })
      .then((hits) => hits.map(({ chunk }) => chunk.id))

  it("finds the ten nearest that comparing with every vector finds", async () => {
    const mine = new Set(documents)
    let shared = 0
    for (let round = 0; round < 40; round++) {
      const { vector } = library.question()
      const exact = new Set(reference.nearest(vector, (document) => mine.has(document), 10))
      shared += (await byVector(vector, {})).filter((id) => exact.has(id)).length
    }
    expect(shared / 400).toBeGreaterThanOrEqual(0.999)
  })

  it("scores words as the database's own bm25 does", async () => {
    const random = createRandom(5)
    for (let round = 0; round < 25; round++) {
      const terms = [...new Set(library.question().text.split(" "))].slice(0, 1 + Math.floor(random() * 6))
      const all = reference.words(terms.map((term) => `"${term}"`).join(" OR "), 5000)
      const mine = all.filter(({ document }) => documents.includes(document)).slice(0, 100)
      const found = await store.chunks.searchLexical(ownerActor, { terms, limit: 100 })
      expect(found.length).toBe(mine.length)
      for (const [place, { bm25 }] of found.entries()) expect(bm25).toBeCloseTo(mine[place]?.score ?? 0, 5)
    }
  })

  it.each([0.5, 0.1, 0.01, 0.0025])("finds the same of a share of %d as an exact scan of that share", async (share) => {
    const random = createRandom(Math.round(1 / share))
    const allowed = new Set(documents.filter(() => random() < share).concat(documents[0] ?? ""))
    const filter = { documentIds: [...allowed] }
    for (let round = 0; round < 10; round++) {
      const { text, vector } = library.question()
      const found = await byVector(vector, filter)
      expect(found).toEqual(reference.nearest(vector, (document) => allowed.has(document), 10))
      expect(found.length).toBe(Math.min(10, allowed.size * perDocument))
      const terms = [...new Set(text.split(" "))]
      const matches = reference
        .words(terms.map((term) => `"${term}"`).join(" OR "), 5000)
        .filter(({ document }) => allowed.has(document))
      const words = await store.chunks.searchLexical(ownerActor, { terms, limit: 10, ...filter })
      expect(words.length).toBe(Math.min(10, matches.length))
      for (const [place, { chunk, bm25 }] of words.entries()) {
        expect(allowed.has(chunk.documentId)).toBe(true)
        expect(bm25).toBeCloseTo(matches[place]?.score ?? 0, 5)
      }
    }
  })

  it("limits a search by tags, types, dates and collections together", async () => {
    const tagged = documents.slice(10, 14)
    for (const [n, id] of tagged.entries())
      await store.documents.setTags(ownerActor, id, n < 2 ? ["invoice", "2026"] : ["2026"])
    const { vector } = library.question()
    const documentsOf = async (filter: SearchFilter) => {
      const hits = await store.chunks.searchVector(ownerActor, {
        vector,
        fingerprint: "generated",
        limit: 100,
        ...filter,
      })
      return [...new Set(hits.map(({ chunk }) => chunk.documentId))].sort()
    }
    expect(await documentsOf({ tags: ["invoice"] })).toEqual(tagged.slice(0, 2).sort())
    expect(await documentsOf({ tags: ["invoice", "2026"] })).toEqual([...tagged].sort())
    expect(await documentsOf({ tags: ["2026"], kinds: ["pdf"] })).toEqual([])
    expect(await documentsOf({ tags: ["2026"], kinds: ["pdf", "txt"] })).toHaveLength(4)
    const { createdAt } = await store.documents.get(ownerActor, tagged[0] ?? "")
    expect(await documentsOf({ documentIds: tagged, after: createdAt, before: createdAt })).toContain(tagged[0])
    expect(await documentsOf({ documentIds: tagged, before: createdAt - 60_000 })).toEqual([])
    const [collection] = await store.collections.list(ownerActor)
    expect(await documentsOf({ collectionIds: [collection?.id ?? ""], tags: ["2026"] })).toHaveLength(4)
    await store.documents.setTags(ownerActor, tagged[0] ?? "", [])
    expect(await documentsOf({ tags: ["invoice"] })).toEqual([tagged[1]])
  })

  it("has the full count from the chosen collection when the nearest passage is in another one", async () => {
    const { vector } = library.question()
    const [mine] = await store.collections.list(ownerActor)
    const other = await store.collections.create(ownerActor, { name: "Other" })
    onTestFinished(() => store.collections.delete(ownerActor, other.id))
    const base = { title: "n", path: "n.md", kind: "md" as const, sizeBytes: 1, filePath: null, contentHash: "n" }
    const { document } = await store.documents.upsert(ownerActor, { collectionId: other.id, ...base })
    const chunk = { ordinal: 0, text: "Near.", headingPath: [], page: null, start: 0, end: 5, tokenCount: 2 }
    await store.documents.writeContent(ownerActor, document.id, {
      text: chunk.text,
      pages: [],
      pageCount: null,
      chunks: [chunk],
      vectors: [vector],
      fingerprint: "generated",
    })
    const [near] = await byVector(vector, {}, 1)
    expect(await byVector(vector, { collectionIds: [other.id] })).toEqual([near])
    const inMine = await byVector(vector, { collectionIds: [mine?.id ?? ""] }, 3)
    expect(inMine).toHaveLength(3)
    expect(inMine).not.toContain(near)
  })

  it("never finds what belongs to somebody else, by any filter", async () => {
    const { vector, text } = library.question()
    const theirs = await store.chunks.searchVector(stranger, { vector, fingerprint: "generated", limit: 3 })
    const theirDocument = theirs[0]?.chunk.documentId ?? ""
    expect(await byVector(vector, { documentIds: [theirDocument] })).toEqual([])
    const words = await store.chunks.searchLexical(ownerActor, {
      terms: text.split(" "),
      limit: 10,
      documentIds: [theirDocument],
    })
    expect(words).toEqual([])
  })
})

it("scores words as the database does after chunks were changed, moved and removed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-words-"))
  const file = join(directory, "zenglow.db")
  const store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger })
  const { id: collectionId } = await store.collections.create(ownerActor, { name: "Notes" })
  const texts = [
    "The Wi-Fi runs, the wi fi ran",
    "fi wi",
    "naïve café running",
    "cafe runs",
    "wi fi wi fi",
    "Zoë's run",
  ]
  const write = async (name: string, bodies: string[]) => {
    const { document } = await store.documents.upsert(ownerActor, {
      collectionId,
      title: name,
      path: `${name}.md`,
      kind: "md",
      sizeBytes: 1,
      filePath: null,
      contentHash: `${name}${bodies.join()}`,
    })
    await store.documents.writeContent(ownerActor, document.id, {
      text: "",
      pages: [],
      pageCount: null,
      vectors: null,
      fingerprint: null,
      chunks: bodies.map((text, ordinal) => ({
        ordinal,
        text,
        headingPath: ["Run"],
        page: null,
        start: 0,
        end: 1,
        tokenCount: 1,
      })),
    })
    return document.id
  }
  const reference = openReference(file)
  const agrees = async () => {
    for (const terms of [
      ["wi-fi"],
      ["run"],
      ["café", "wi-fi"],
      ["running", "runs"],
      ["first", "wi", "fi"],
      ["nothing"],
      ['"*'],
      ["a\0b"],
    ]) {
      const usable = terms.filter((term) => /[a-z]/.test(term))
      const match = usable.map((term) => `"${term.replaceAll("\0", " ")}"`).join(" OR ")
      const expected = match === "" ? [] : reference.words(match, 100)
      const found = await store.chunks.searchLexical(ownerActor, { terms, limit: 100 })
      // Two forms of one word are one term here: each document's score then differs, not which are found.
      if (terms[0] !== "running")
        for (const [n, { bm25 }] of found.entries()) expect(bm25).toBeCloseTo(expected[n]?.score ?? -1, 6)
      expect(new Set(found.map(({ chunk }) => chunk.id))).toEqual(new Set(expected.map(({ id }) => id)))
    }
  }
  await write("first", texts)
  const second = await write("second", [...texts].reverse())
  for (let n = 0; n < 8; n++) await write(`other ${n}`, ["nothing of the kind", "something else"])
  await agrees()
  await write("first", texts.slice(2))
  await agrees()
  await store.documents.delete(ownerActor, second)
  await agrees()
  await write("second", ["wi-fi at last"])
  await agrees()
  reference.close()
  await store.close()
  await rm(directory, { recursive: true, force: true })
})
