import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import type { Actor } from "#core/actor.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"

/** Every byte of everything the store has on disk. */
const bytesOf = (directory: string): Buffer =>
  Buffer.concat(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(directory, entry.name))),
  )

it("forgets feedback without leaving a byte of it, and leaves other people's", async () => {
  const directory = await mkdtemp(join(tmpdir(), "zenglow-store-"))
  const file = join(directory, "zenglow.db")
  const store = await openSqliteStore({ file, backupDir: join(directory, "backups"), log: silentLogger })
  const other: Actor = { personId: "other", scopes: ["owner"] }
  const show = async (actor: Actor, word: string, n: number): Promise<void> => {
    await store.feedback.recordShown(actor, {
      query_id: `${word}query${n}`,
      query_hash: `${word}hash${n}`,
      surface: "chat",
      scoring: {
        scoring_version: "1",
        feature_schema_version: "1",
        ranking: { version: "1", bias: 0, weights: {} },
        fusion_weights: { ltr: 0.6, conceptual: 0.4 },
      },
      passages: Array.from({ length: 20 }, (_, index) => ({
        chunk_id: `${word}passage${index}`,
        position: index + 1,
        score: 0.5,
        ltr_score: 0.5,
        conceptual_score: 0.5,
        features: { bm25: 1 },
        adjustments: [],
      })),
    })
    const click = { queryId: `${word}query${n}`, chunkId: `${word}passage3`, event: "up" as const, value: 1 }
    await store.feedback.record(actor, click)
  }
  try {
    for (let n = 0; n < 30; n++) {
      await show(ownerActor, "vaulted", n)
      await show(other, "theirs", n)
    }
    expect(bytesOf(directory).includes("vaultedpassage")).toBe(true)
    expect(await store.feedback.forget(ownerActor)).toEqual({ queries: 30, events: 30 })
    expect(bytesOf(directory).includes("vaulted")).toBe(false)
    expect(await store.feedback.counts(other)).toMatchObject({ queries: 30, events: { up: 30 } })
  } finally {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
})
