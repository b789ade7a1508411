import { AppError } from "#core/errors.ts"
import type { Embedder } from "#engines/types.ts"
import type { FusionWeightStore, VersionedFusionWeights } from "#rag/fusionWeights.ts"
import { defaultFusionWeights } from "#rag/fusionWeights.ts"
import type { ShownLists } from "#rag/shownLists.ts"
import type { RagService } from "#server/deps.ts"
import { type RagQueryDeps, ragQuery, ragRanking } from "./ragQuery.ts"
import { ragStream } from "./ragStream.ts"

export interface RagServiceDeps extends RagQueryDeps {
  fusion: FusionWeightStore
  shown: ShownLists
  embedder(): Embedder
}

/** What the `/rag` routes and `/model/embed` call. */
export function createRagService(deps: RagServiceDeps): RagService {
  const { fusion, shown } = deps
  return {
    query: (actor, query, signal) => ragQuery(actor, query, deps, signal),
    ranking: (actor, query, signal) => ragRanking(actor, query, deps, signal),
    stream: (actor, query, options, signal) => ragStream(actor, query, options, deps, signal),
    fusionWeights: () => withOverride(fusion.current()),
    setFusionWeights: async (actor, weights) => withOverride(await fusion.change(actor, weights)),
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

const withOverride = ({ weights, version }: VersionedFusionWeights) => ({
  weights,
  version,
  override: weights.ltr !== defaultFusionWeights.ltr || weights.conceptual !== defaultFusionWeights.conceptual,
})
