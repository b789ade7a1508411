import { phaseDelta } from "#contract/phaseDelta.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Adjustment } from "./adjust.ts"
import { deduplicate } from "./deduplicate.ts"
import { type Features, featureNames, featureSchemaVersion, featuresOf } from "./features.ts"
import { defaultFusionWeights, fusedScore } from "./fusionWeights.ts"
import { questionParts } from "./queryTerms.ts"
import { ltrScore, shippedRanking } from "./ranking.ts"
import { answerFloor } from "./relevance.ts"
import type { RankedChunk, Retrieval, RetrieveDeps, RetrieveRequest } from "./retrieve/contract.ts"
import { judge } from "./retrieve/judge.ts"
import { bestFirst, readTogether, withAdjustments, withReading } from "./retrieve/rescore.ts"
import { phaseResult, placed, toPassage } from "./retrieve/results.ts"
import { searchBoth } from "./retrieve/searchBoth.ts"

export type { RankedChunk, Retrieval, RetrieveDeps, RetrieveRequest } from "./retrieve/contract.ts"
export type RetrieveEvent = Extract<TurnEventBody, { type: "retrieve-start" | "retrieve-phase" | "retrieve-end" }>
type PhaseEvent = Extract<TurnEventBody, { type: "retrieve-phase" }>

/** Best candidates of P0 that are ranked by features; the others keep their order behind them. */
const rankedDepth = 60
const closestCount = 3

/** Finds the passages for a question; yields what a turn shows of it and returns the whole. */
export async function* retrieve(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): AsyncGenerator<RetrieveEvent, Retrieval> {
  yield { type: "retrieve-start", query: request.query }
  const retrieval = yield* rankPhases(actor, request, deps, signal)
  const { passages, found, closest, embedMs, searchMs } = retrieval
  yield { type: "retrieve-end", passages, found, closest, embedMs, searchMs }
  return retrieval
}

/** `retrieve` for those who want the result alone. */
export async function retrievePassages(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<Retrieval> {
  const events = retrieve(actor, request, deps, signal)
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
  }
}

/** P0, P1 and P2, each as soon as it is known, and the verdict whether the passages answer at all. */
async function* rankPhases(
  actor: Actor,
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): AsyncGenerator<PhaseEvent, Retrieval> {
  const topK = request.topK ?? 6
  const fusion = deps.fusion?.() ?? defaultFusionWeights
  const ranking = deps.ranking?.(actor) ?? shippedRanking

  const search = await searchBoth(actor, request, deps, signal)
  const best = deduplicate(search.candidates, ({ chunk }) => chunk, topK)
  const remembered = best.filter(({ chunk }) => chunk.kind === "memory").length
  const shown = best.map(({ chunk, similarity, conceptualScore }, index) =>
    placed(chunk, similarity ?? 0, conceptualScore, index),
  )
  yield {
    type: "retrieve-phase",
    phase: "P0",
    provisional: true,
    results: shown,
    delta: [],
    meta: {
      embed_ms: search.embedMs,
      search_ms: search.searchMs,
      index: search.embedder?.fingerprint ?? null,
      retrieved: search.candidates.length,
      ...(remembered > 0 ? { memory: { added: remembered } } : {}),
      shares: search.shares,
      cache: search.cache,
      ...(search.embedError ? { embed_error: search.embedError } : {}),
    },
  }
  signal.throwIfAborted()

  const rankingAt = deps.clock.monotonic()
  const candidates = search.candidates.slice(0, Math.max(rankedDepth, topK))
  const chunkIds = candidates.map(({ chunk }) => chunk.id)
  const feedback =
    (await deps.feedback?.(actor, { query: request.query, chunkIds }, signal)) ?? new Map<string, number>()
  const { query, weights } = search
  const features = featuresOf(candidates, { query, weights, now: hourOf(deps.clock.now()), feedback })
  const describedAt = deps.clock.monotonic()
  const learnedScores = features.map((own) => ltrScore(ranking, own))
  const learnedAt = deps.clock.monotonic()
  const learned = candidates
    .map(({ chunk, conceptualScore }, index): RankedChunk => {
      const learnedScore = learnedScores[index] as number
      return {
        chunk,
        score: fusedScore(fusion, learnedScore, conceptualScore),
        conceptualScore,
        ltrScore: learnedScore,
        features: features[index] as Features,
        adjustments: [],
      }
    })
    .sort(bestFirst)
  const learnedResults = deduplicate(learned, ({ chunk }) => chunk, topK).map(phaseResult)
  yield {
    type: "retrieve-phase",
    phase: "P1",
    provisional: true,
    results: learnedResults,
    delta: phaseDelta(shown, learnedResults),
    meta: {
      feature_ms: describedAt - rankingAt,
      ltr_ms: learnedAt - describedAt,
      fusion_ms: deps.clock.monotonic() - learnedAt,
      feature_names: featureNames,
      feature_schema_version: featureSchemaVersion,
      ranking: { version: ranking.version, bias: ranking.bias, weights: ranking.weights },
      fusion_weights: fusion,
    },
  }
  signal.throwIfAborted()

  const adjustingAt = deps.clock.monotonic()
  const memories = (await deps.memories?.(actor, request.query, signal)) ?? []
  const reranked = (await deps.rerank?.(request.query, learned.map(readTogether), signal)) ?? null
  const adjusted = withAdjustments(withReading(learned, reranked), request, memories)
  const ranked = deduplicate(adjusted, ({ chunk }) => chunk, topK)
  const verdict = judge(request, ranked, search)
  const { unsureTopK = topK } = request
  const wide =
    unsureTopK > topK && verdict.confidence < answerFloor
      ? deduplicate(adjusted, ({ chunk }) => chunk, unsureTopK)
      : ranked
  const final = verdict.found ? await withParts(actor, wide, adjusted, request, deps, signal) : ranked
  const results = final.map(phaseResult)
  yield {
    type: "retrieve-phase",
    phase: "P2",
    provisional: false,
    results,
    delta: phaseDelta(learnedResults, results),
    meta: {
      adjust_ms: deps.clock.monotonic() - adjustingAt,
      ...(reranked ? { rerank: { ...reranked, scores: undefined } } : {}),
      confidence: verdict.confidence,
      found: verdict.found,
      final: true,
    },
  }

  const passages = final.map(toPassage)
  return {
    query,
    weights,
    passages: verdict.found ? passages : [],
    closest: verdict.found ? [] : passages.slice(0, closestCount),
    ...verdict,
    ranked: final,
    vector: search.vector,
    embedder: search.embedder,
    embedMs: search.embedMs,
    searchMs: search.searchMs,
    embedError: search.embedError,
    cache: search.cache,
    fusion,
    rankingVersion: ranking.version,
  }
}

/** Recency is counted in hours: the same question asked again gets the same scores to the last digit. */
const hourMs = 3_600_000
const hourOf = (at: number): number => Math.floor(at / hourMs) * hourMs

/**
 * A question of several parts is also searched part by part: each finds its own passage, whatever its score for the whole.
 * Passages that are candidates of the whole question keep what is known of them there.
 */
async function withParts(
  actor: Actor,
  whole: RankedChunk[],
  candidates: readonly RankedChunk[],
  request: RetrieveRequest,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<RankedChunk[]> {
  const parts = questionParts(request.query)
  if (parts.length === 1) return whole
  // The whole question's time is spent: its parts are ranked without.
  const { rerank: _, ...partDeps } = deps
  const found: RankedChunk[][] = []
  for (const [index, part] of parts.entries()) {
    const history = index === 0 ? request.history : [parts[0] as string]
    const { ranked } = await retrievePassages(
      actor,
      { ...request, query: part, history, topK: 2, unsureTopK: 2 },
      partDeps,
      signal,
    )
    const note: Adjustment = { name: "part", value: 0, reason: `Answers “${part}”` }
    found.push(
      ranked.map((entry) => {
        const known = candidates.find(({ chunk }) => chunk.id === entry.chunk.id) ?? entry
        return { ...known, adjustments: [...known.adjustments, note] }
      }),
    )
  }
  const [first, ...rest] = whole
  const order = [
    ...(first ? [first] : []),
    ...[0, 1].flatMap((place) => found.flatMap((list) => list[place] ?? [])),
    ...rest,
  ]
  return order
    .filter((entry, index) => order.findIndex((other) => other.chunk.id === entry.chunk.id) === index)
    .slice(0, Math.max(whole.length, 2 * parts.length))
}
