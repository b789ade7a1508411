import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Database from "better-sqlite3"
import * as sqliteVec from "sqlite-vec"
import { expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"

/** A small generator of our own: the same vectors on every run and platform. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
}

it("finds the same neighbours as sqlite-vec's own search in SQL, after changes and a restart", async () => {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-vectors-"))
  const file = join(directory, "zenglow.sqlite")
  const random = createRandom(7)
  const vector = () => Float32Array.from({ length: 48 }, random)
  const open = () => openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger })
  let store = await open()
  const collections = [
    await store.collections.create(ownerActor, { name: "One" }),
    await store.collections.create(ownerActor, { name: "Two" }),
  ]
  const query = { vector: vector(), fingerprint: "space", limit: 12 }
  const write = async (n: number) => {
    const { document } = await store.documents.upsert(ownerActor, {
      collectionId: collections[n % 2]?.id ?? "",
      title: "d",
      path: `${n}.md`,
      kind: "md",
      sizeBytes: 1,
      filePath: null,
      contentHash: String(random()),
    })
    const chunks = Array.from({ length: 30 }, (_, ordinal) => ({
      ordinal,
      text: `${n} ${ordinal}`,
      headingPath: [],
      page: null,
      start: 0,
      end: 1,
      tokenCount: 1,
    }))
    await store.documents.writeContent(ownerActor, document.id, {
      text: "",
      pages: [],
      pageCount: null,
      chunks,
      vectors: chunks.map(vector),
      fingerprint: "space",
    })
    return document.id
  }
  const ids = []
  for (let n = 0; n < 20; n++) ids.push(await write(n))
  await store.chunks.searchVector(ownerActor, { ...query, collectionIds: null })
  await store.documents.delete(ownerActor, ids[3] ?? "")
  await write(5)

  for (const isReopened of [false, true]) {
    if (isReopened) {
      await store.close()
      store = await open()
    }
    const db = new Database(file)
    sqliteVec.load(db)
    db.exec(`CREATE VIRTUAL TABLE temp.reference USING vec0 (embedding float[48] distance_metric=cosine, collection integer);
      INSERT INTO temp.reference (rowid, embedding, collection)
      SELECT v.seq, v.vector, k.collection_seq FROM vectors_1 v JOIN chunks k ON k.seq = v.seq`)
    for (const collectionIds of [null, [collections[1]?.id ?? ""]]) {
      const ours = await store.chunks.searchVector(ownerActor, { ...query, collectionIds })
      const theirs = db
        .prepare(
          `SELECT k.id, v.distance FROM temp.reference v JOIN chunks k ON k.seq = v.rowid
            WHERE v.embedding MATCH ? AND v.k = 12 AND v.collection IN (${collectionIds ? "2" : "1, 2"}) ORDER BY v.distance`,
        )
        .all(query.vector) as { id: string; distance: number }[]
      expect(ours.map(({ chunk }) => chunk.id)).toEqual(theirs.map(({ id }) => id))
      for (const [n, { similarity }] of ours.entries())
        expect(similarity).toBeCloseTo(1 - (theirs[n]?.distance ?? 0), 4)
    }
    db.close()
  }
  expect((await store.check("full")).problems).toEqual([])
  await store.close()
  await rm(directory, { recursive: true, force: true })
})
