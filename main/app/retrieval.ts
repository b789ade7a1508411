import { createMemoryCache } from "#cache/memoryCache.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { Logger } from "#core/logger.ts"
import type { Reranker } from "#engines/types.ts"
import { pinnedRecall } from "#rag/evaluation/evaluations.ts"
import { readFeedback } from "#rag/feedbackScores.ts"
import { type FusionWeightStore, openFusionWeights } from "#rag/fusionWeights.ts"
import { openLocalRanking } from "#rag/localRanking.ts"
import { shippedRanking } from "#rag/ranking.ts"
import { createRerank } from "#rag/rerank.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import { createSearchCache } from "#rag/searchCache.ts"
import { openShippedWeights, type ShippedWeights } from "#rag/shippedWeights.ts"
import { createShownLists, type ShownLists } from "#rag/shownLists.ts"
import type { PinnedRecall } from "#rag/swapGate.ts"
import type { Store } from "#store/types.ts"
import type { Knowledge } from "./knowledge.ts"

export interface RetrievalDeps {
  store: Store
  knowledge: Pick<Knowledge, "chunks" | "related">
  queryEmbedder: RetrieveDeps["queryEmbedder"]
  reranker(): Promise<Reranker | null>
  /** Everybody who lives here now. */
  people: readonly Actor[]
  clock: Clock
  log: Logger
}

/** How passages are found, with what this installation has learned of its person. */
export interface Retrieval {
  deps: RetrieveDeps
  fusion: FusionWeightStore
  /** Ranking weights of the release in use. */
  shippedWeights: ShippedWeights
  /** What questions showed, and what was done with it. */
  shown: ShownLists
  /** How many of the pinned questions are found when these take the place of what is in use. Null: nothing is pinned. */
  pinnedRecallWith(
    actor: Actor,
    instead: Partial<Pick<RetrieveDeps, "chunks" | "queryEmbedder" | "fusion" | "ranking">>,
    signal: AbortSignal,
  ): Promise<PinnedRecall | null>
  close(): Promise<void>
}

export async function openRetrieval({
  store,
  knowledge,
  queryEmbedder,
  reranker,
  people,
  clock,
  log,
}: RetrievalDeps): Promise<Retrieval> {
  // Neither what is cached nor what was clicked may stand in for what is measured.
  const measured = { cache: undefined, feedback: undefined }
  const fusion = await openFusionWeights(store.settings, ownerActor)
  const recallWith: Retrieval["pinnedRecallWith"] = async (actor, instead, signal) => {
    const own = { ...deps, ...measured, ...instead }
    const { questions, recallAt5 } = await pinnedRecall(actor, store.evaluations, own, signal)
    return questions === 0 ? null : { recall: recallAt5, questions }
  }
  const shippedWeights = await openShippedWeights(ownerActor, {
    settings: store.settings,
    shipped: shippedRanking,
    inUse: (actor) => localRanking.current(actor),
    pinnedRecall: (actor, { model }, signal) => recallWith(actor, { ranking: () => model }, signal),
    onSwap: () => {
      for (const person of people) localRanking.changed(person, "release")
    },
    now: () => clock.now(),
    log,
  })
  const localRanking = await openLocalRanking(people, {
    settings: store.settings,
    feedback: store.feedback,
    fusion: () => fusion.current().weights,
    shipped: shippedWeights.current,
    pinnedRecall: async (actor, ranking, signal) =>
      (await recallWith(actor, { ranking: () => ranking }, signal))?.recall ?? null,
    log,
  })
  const deps: RetrieveDeps = {
    chunks: knowledge.chunks,
    fusion: () => fusion.current().weights,
    ranking: localRanking.current,
    feedback: readFeedback(store.feedback),
    memories: knowledge.related,
    queryEmbedder,
    rerank: createRerank({ reranker, clock, log }),
    cache: createSearchCache({ cache: createMemoryCache({ clock }), generation: knowledge.chunks.generation }),
    clock,
  }
  const shown = createShownLists({ feedback: store.feedback, onChange: localRanking.changed, log })
  return {
    deps,
    fusion,
    shown: {
      ...shown,
      // What a guest was shown is kept nowhere.
      watch: (events, query) => (query.actor.role === "guest" ? passOn(events) : shown.watch(events, query)),
    },
    shippedWeights,
    pinnedRecallWith: recallWith,
    close: localRanking.close,
  }
}

async function* passOn<T>(events: AsyncIterable<T>): AsyncGenerator<T> {
  yield* events
}
