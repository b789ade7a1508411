import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { migrations } from "#store/sqlite/migrations/index.ts"
import { openDatabase } from "#store/sqlite/openDatabase.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-upgrade-"))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** A database as the first release left it: schema 1, a document, a passage, and its vector in a vec0 table. */
function firstRelease(): void {
  const { db } = openDatabase({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    migrations: migrations.slice(0, 1),
  })
  db.exec(`
    INSERT INTO people (id, created_at) VALUES ('owner', 1);
    INSERT INTO collections (seq, id, owner_id, name, is_sample, created_at) VALUES (1, 'c1', 'owner', 'Guides', 0, 1);
    INSERT INTO documents (seq, id, owner_id, collection_seq, title, path, kind, size_bytes, char_count, chunk_count, stage,
      status, content_hash, created_at, updated_at)
    VALUES (1, 'd1', 'owner', 1, 'Filter', 'filter.md', 'md', 10, 30, 2, 'ready', 'ready', 'h', 1, 1);
    INSERT INTO document_texts (document_seq, text, pages) VALUES (1, 'Change the filter. Keep it dry.', '[]');
    INSERT INTO chunks (seq, id, owner_id, collection_seq, document_seq, ordinal, title, headings, body, start, "end", token_count)
    VALUES (1, 'k1', 'owner', 1, 1, 0, 'Filter', '[]', 'Change the filter.', 0, 18, 4),
           (2, 'k2', 'owner', 1, 1, 1, 'Filter', '[]', 'Keep it dry.', 19, 31, 4);
    INSERT INTO vector_indexes (id, fingerprint, dimensions, is_active) VALUES (1, 'space-a', 4, 1);
    INSERT INTO chunk_vectors (chunk_seq, index_id) VALUES (1, 1), (2, 1);
    CREATE VIRTUAL TABLE vectors_1 USING vec0 (embedding float[4] distance_metric=cosine, collection integer);
  `)
  const insert = db.prepare("INSERT INTO vectors_1 (rowid, embedding, collection) VALUES (?, ?, ?)")
  const bytes = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer)
  insert.run(1n, bytes(1, 0, 0, 0), 1n)
  insert.run(2n, bytes(0, 1, 0, 0), 1n)
  db.close()
}

it("finds by words and by vectors what the first release kept, and backs it up before it changes anything", async () => {
  firstRelease()
  const store = await openSqliteStore({
    file: join(directory, "zenglow.db"),
    backupDir: join(directory, "backups"),
    log: silentLogger,
  })
  const vector = Float32Array.of(0, 0.9, 0.1, 0)
  const near = await store.chunks.searchVector(ownerActor, {
    vector,
    fingerprint: "space-a",
    collectionIds: null,
    limit: 2,
  })
  expect(near.map(({ chunk }) => chunk.id)).toEqual(["k2", "k1"])
  expect(near[0]?.similarity).toBeCloseTo(0.994, 2)
  const words = await store.chunks.searchLexical(ownerActor, { terms: ["filter"], collectionIds: null, limit: 2 })
  expect(words.map(({ chunk }) => chunk.id)).toContain("k1")
  expect(await store.check("full")).toMatchObject({ integrity: "ok", problems: [], counts: { vectors: 2, chunks: 2 } })
  await store.documents.delete(ownerActor, "d1")
  expect((await store.check("full")).counts).toMatchObject({ vectors: 0, chunks: 0 })
  await store.close()
  expect((await readdir(join(directory, "backups"))).filter((name) => name.includes(".v1."))).toHaveLength(1)
})
