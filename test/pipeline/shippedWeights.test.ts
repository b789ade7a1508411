import { beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { featureSchemaVersion } from "#rag/features.ts"
import type { RankingModel } from "#rag/ranking.ts"
import { openShippedWeights, type ShippedWeights } from "#rag/shippedWeights.ts"
import type { PinnedRecall } from "#rag/swapGate.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"

const { signal } = new AbortController()
const weightsOf = (version: string, schema = featureSchemaVersion): RankingModel => ({
  version,
  featureSchemaVersion: schema,
  bias: 0,
  weights: { similarity: 1 },
  provenance: {},
})

let store: Store
let recall: Record<string, PinnedRecall | null>
let judged: string[]
let swaps: number
beforeEach(() => {
  store = createMemoryStore()
  recall = {}
  judged = []
  swaps = 0
})

/** As the core has them after a start of this release. */
async function start(release: RankingModel, learned?: RankingModel): Promise<ShippedWeights> {
  const weights: ShippedWeights = await openShippedWeights(ownerActor, {
    settings: store.settings,
    shipped: release,
    inUse: () => learned ?? weights.current(),
    async pinnedRecall(_actor, { fingerprint, model }, asked) {
      asked.throwIfAborted()
      expect(model.version).toBe(fingerprint)
      judged.push(fingerprint)
      return recall[fingerprint] ?? null
    },
    onSwap: () => swaps++,
    now: () => 7,
    log: silentLogger,
  })
  return weights
}
const five = (share: number): PinnedRecall => ({ recall: share, questions: 5 })

describe("the ranking weights of a new release", () => {
  beforeEach(async () => {
    await (await start(weightsOf("1"))).judge(ownerActor, signal)
    expect(judged).toEqual([])
  })

  it("rank once they are judged, when pinned questions are found as well or nothing is pinned", async () => {
    for (const [version, after] of [
      ["2", five(0.8)],
      ["3", null],
    ] as const) {
      recall = { "1": five(0.8), [version]: after }
      const weights = await start(weightsOf(version))
      expect(weights.current().version).not.toBe(version)
      await weights.judge(ownerActor, signal)
      expect([weights.current().version, weights.refusal()]).toEqual([version, null])
      expect((await start(weightsOf(version))).current().version).toBe(version)
    }
    expect(swaps).toBe(2)
  })

  it("are refused when pinned questions are found worse: the old ones rank on, also after a restart", async () => {
    recall = { "1": five(0.8), "2": five(0.6) }
    await (await start(weightsOf("2"))).judge(ownerActor, signal)
    const weights = await start(weightsOf("2"))
    await weights.judge(ownerActor, signal)
    expect(weights.current()).toEqual(weightsOf("1"))
    expect(weights.refusal()).toMatchObject({ fingerprint: "2", before: 0.8, after: 0.6, questions: 5 })
    expect([judged, swaps]).toEqual([["1", "2"], 0])

    recall["3"] = five(1)
    const next = await start(weightsOf("3"))
    await next.judge(ownerActor, signal)
    expect([next.current().version, next.refusal()]).toEqual(["3", null])
  })

  it("are used all the same when the person wants them", async () => {
    recall = { "1": five(0.8), "2": five(0.6) }
    const weights = await start(weightsOf("2"))
    await weights.judge(ownerActor, signal)
    await weights.overrule(ownerActor, signal)
    expect([weights.current().version, weights.refusal(), swaps]).toEqual(["2", null, 1])
    expect((await start(weightsOf("2"))).refusal()).toBeNull()
  })

  it("are compared with what the person's questions are ranked by, learned or not", async () => {
    recall = { "1": five(0.6), "1+40": five(1), "2": five(0.8) }
    const weights = await start(weightsOf("2"), weightsOf("1+40"))
    await weights.judge(ownerActor, signal)
    expect([weights.current().version, judged]).toEqual(["1", ["1+40", "2"]])
  })

  it("replace weights of other features at once: those can score nothing any more", async () => {
    await store.settings.set(ownerActor, { "rag.shippedWeights": weightsOf("1", "0") })
    expect((await start(weightsOf("2"))).current().version).toBe("2")
  })

  it("leave the old ones in use when judging is cut off, and are judged at the next start", async () => {
    const weights = await start(weightsOf("2"))
    const judging = weights.judge(ownerActor, AbortSignal.abort())
    await expect(judging).rejects.toThrow()
    expect((await start(weightsOf("2"))).current().version).toBe("1")
  })
})
