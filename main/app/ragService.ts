import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Embedder } from "#engines/types.ts"
import {
  defaultFusionWeights,
  type FusionWeightStore,
  type FusionWeights,
  normaliseFusionWeights,
  type VersionedFusionWeights,
} from "#rag/fusionWeights.ts"
import type { ShownLists } from "#rag/shownLists.ts"
import type { PinnedRecall } from "#rag/swapGate.ts"
import type { RagService } from "#server/deps.ts"
import { type RagQueryDeps, ragQuery, ragRanking } from "./ragQuery.ts"
import { ragStream } from "./ragStream.ts"

export interface RagServiceDeps extends RagQueryDeps {
  fusion: FusionWeightStore
  shown: ShownLists
  embedder(): Embedder
  /** How the pinned questions are found with these shares, or null: with those in force. Null: nothing is pinned. */
  pinnedRecall(actor: Actor, fusion: FusionWeights | null, signal: AbortSignal): Promise<PinnedRecall | null>
}

/** What the `/rag` routes and `/model/embed` call. */
export function createRagService(deps: RagServiceDeps): RagService {
  const { fusion, shown } = deps
  return {
    query: (actor, query, signal) => ragQuery(actor, query, deps, signal),
    ranking: (actor, query, signal) => ragRanking(actor, query, deps, signal),
    stream: (actor, query, options, signal) => ragStream(actor, query, options, deps, signal),
    fusionWeights: () => withOverride(fusion.current()),
    async setFusionWeights(actor, weights, isForced, signal) {
      if (weights !== null && !isForced) await refuseLoss(actor, normaliseFusionWeights(weights), deps, signal)
      return withOverride(await fusion.change(actor, weights))
    },
    feedback: shown,
    async embed(texts, modelId, signal) {
      const embedder = deps.embedder()
      if (modelId !== null && modelId !== embedder.modelId) {
        throw new AppError("model.not-found", `${modelId.slice(0, 100)} is not the active embedder.`, {
          remedy: `The active one is ${embedder.modelId}.`,
        })
      }
      const [vectors, counts] = await Promise.all([
        embedder.embed(texts, "passage", signal),
        embedder.countTokens(texts),
      ])
      return {
        vectors,
        modelId: embedder.modelId,
        dimensions: embedder.dimensions,
        isFallback: embedder.isFallback,
        tokens: counts.reduce((sum, count) => sum + count, 0),
      }
    },
  }
}

/** Throws when fewer pinned questions find their passage among the first five. */
async function refuseLoss(
  actor: Actor,
  weights: FusionWeights,
  { pinnedRecall }: Pick<RagServiceDeps, "pinnedRecall">,
  signal: AbortSignal,
): Promise<void> {
  const before = await pinnedRecall(actor, null, signal)
  const after = before && (await pinnedRecall(actor, weights, signal))
  if (!before || !after || after.recall >= before.recall) return
  const percent = (share: number): string => `${Math.round(100 * share)} %`
  const found = `${percent(after.recall)} instead of ${percent(before.recall)}`
  throw new AppError("rag.recall-falls", `Fewer of the ${after.questions} pinned questions would be found: ${found}.`, {
    remedy: "Send `force: true` to use these weights all the same.",
    details: { before: before.recall, after: after.recall, questions: after.questions },
  })
}

const withOverride = ({ weights, version }: VersionedFusionWeights) => ({
  weights,
  version,
  override: weights.ltr !== defaultFusionWeights.ltr || weights.conceptual !== defaultFusionWeights.conceptual,
})
