import type { AnswerInput } from "#chat/runTurn.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Persona } from "#contract/settings.ts"
import type { CitedSpan, Passage, TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, isAbort } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { featureNames, featureSchemaVersion } from "#rag/features.ts"
import type { FusionWeightStore } from "#rag/fusionWeights.ts"
import { type RankedChunk, type Retrieval, type RetrieveDeps, type RetrieveRequest, retrieve } from "#rag/retrieve.ts"
import type { ShownLists } from "#rag/shownLists.ts"
import type { RagQuery } from "#server/deps.ts"

export interface RagQueryDeps {
  retrieval: RetrieveDeps
  answer(input: AnswerInput, signal: AbortSignal): AsyncIterable<TurnEventBody>
  persona(id: string | null): Promise<Persona>
  /** The words ask to remember something: they are no question. */
  isToBeRemembered(text: string): boolean
  shown: Pick<ShownLists, "watch">
  fusion: Pick<FusionWeightStore, "current">
  clock: Clock
}

type RagAnswer = RouteOutput<Routes["POST /rag/query"]>
type RagRanking = RouteOutput<Routes["POST /rag/query2"]>

/** Passages an answer is made from at most, however many the caller wants listed. */
const answerPassages = 20
const previewLength = 300

/** `/rag/query`: the ranked chunks with everything their scores are made of, and an answer made by the same generator as a chat turn's. */
export async function ragQuery(
  actor: Actor,
  query: RagQuery,
  deps: RagQueryDeps,
  signal: AbortSignal,
): Promise<RagAnswer> {
  const started = deps.clock.monotonic()
  const queryId = newId()
  const written: Written = { text: null, found: null, model: null, usage: null, citations: [] }
  const timings: Record<string, number> = {}
  let retrieval: Retrieval | undefined
  let passages: Passage[] = []
  const events = searchThenAnswer(actor, query, deps, signal, (result) => {
    retrieval = result
  })
  const errors: string[] = []
  try {
    for await (const event of deps.shown.watch(events, { actor, queryId, query: query.query, surface: "rag" })) {
      if (event.type === "retrieve-phase") {
        for (const name of ["embed_ms", "search_ms", "feature_ms", "ltr_ms", "fusion_ms", "adjust_ms"]) {
          const value = event.meta[name]
          if (typeof value === "number") timings[name] = value
        }
      } else if (event.type === "retrieve-end") {
        passages = event.passages
      } else if (event.type === "text-end") {
        timings.answer_ms = deps.clock.monotonic() - started
        noteAnswer(written, event, passages)
      }
    }
  } catch (error) {
    // The passages are worth having without the answer.
    if (!retrieval || isAbort(error, signal) || !(error instanceof AppError)) throw error
    errors.push(`${error.code}: ${error.message}`)
  }
  if (!retrieval) throw new Error("Retrieval ended without a result.")
  const latencyMs = deps.clock.monotonic() - started
  return {
    query_id: queryId,
    query: query.query,
    chunks: retrieval.ranked.map(toChunk),
    answer: written.text,
    found: written.found ?? retrieval.found,
    citations: written.citations,
    answer_meta: {
      backend: "in-process",
      model: written.model,
      latency_ms: latencyMs,
      usage: written.usage,
      rag_used: retrieval.ranked.length > 0,
      timings: { ...timings, total_ms: latencyMs },
      errors,
      token_estimate: written.text?.split(/\s+/).filter(Boolean).length ?? 0,
      prefer: query.prefer ?? "auto",
      persona_key: query.persona_key ?? null,
      retrieval_error: retrieval.embedError?.message ?? null,
      cache: retrieval.cache,
    },
    fusion_weights: retrieval.fusion,
    fusion_weights_version: deps.fusion.current().version,
    feature_names: [...featureNames],
    feature_schema_version: featureSchemaVersion,
    scoring_version: retrieval.rankingVersion,
    session_id: query.session_id ?? null,
  }
}

/** `/rag/query2`: the same without an answer, also under the names of its first clients. */
export async function ragRanking(
  actor: Actor,
  query: Omit<RagQuery, "answer">,
  deps: RagQueryDeps,
  signal: AbortSignal,
): Promise<RagRanking> {
  const ranked = await ragQuery(actor, { ...query, answer: false }, deps, signal)
  const results = ranked.chunks.map((chunk) => ({
    chunk_id: chunk.id,
    text_preview: chunk.chunk.slice(0, previewLength),
    distance: chunk.distance,
    ltr_score: chunk.ltr_score,
    conceptual_score: chunk.conceptual_score,
    fused_score: chunk.score,
    features: chunk.features,
  }))
  return {
    ...ranked,
    top_k: query.top_k,
    results,
    items: results,
    timings: { ...ranked.answer_meta.timings, retrieve_ms: ranked.answer_meta.timings.search_ms ?? 0 },
    retrieval_mode: (await deps.retrieval.queryEmbedder()) ? "hybrid" : "lexical",
  }
}

/** The events of retrieval, handed over as soon as they come, and those of the answer if one is wanted. */
export async function* searchThenAnswer(
  actor: Actor,
  query: RagQuery,
  deps: RagQueryDeps,
  signal: AbortSignal,
  onRetrieved: (retrieval: Retrieval) => void = () => {},
): AsyncGenerator<TurnEventBody> {
  const persona = await deps.persona(query.persona_key ?? null)
  const request: RetrieveRequest = {
    query: query.query,
    collectionIds: collectionsOf(query),
    topK: query.top_k,
    // Whoever names nobody asks without a point of view.
    ...(query.persona_key === undefined ? {} : { persona }),
    filter: filterOf(query.filter),
  }
  const retrieval = yield* retrieve(actor, request, deps.retrieval, signal)
  onRetrieved(retrieval)
  if (!query.answer) return
  const passages = retrieval.passages.slice(0, answerPassages)
  yield* deps.answer({ ...answerInput(actor, query, persona), retrieval: { ...retrieval, passages } }, signal)
}

export const answerInput = (actor: Actor, query: RagQuery, persona: Persona): AnswerInput => ({
  actor,
  question: query.query,
  history: [],
  collectionIds: collectionsOf(query),
  alwaysSearches: true,
  persona,
  cacheKey: query.session_id ?? "rag",
  model: null,
})

/** An empty list would mean "without documents"; these routes always search them. */
const collectionsOf = (query: RagQuery): string[] | null => (query.collection_ids?.length ? query.collection_ids : null)

function filterOf(filter: RagQuery["filter"]): RetrieveRequest["filter"] {
  if (!filter) return undefined
  const { document_ids, tags, types, after, before } = filter
  return { documentIds: document_ids, tags, kinds: types, after, before }
}

interface Written {
  text: string | null
  found: boolean | null
  model: string | null
  usage: unknown
  citations: RagAnswer["citations"]
}

function noteAnswer(
  written: Written,
  event: Extract<TurnEventBody, { type: "text-end" }>,
  passages: readonly Passage[],
): void {
  written.text = event.text
  written.found = event.found
  written.model = event.model
  written.usage = event.usage
  written.citations = citationsOf(passages, event.spans)
}

/** Those passages that a sentence of the answer rests on. */
export function citationsOf(passages: readonly Passage[], spans: readonly CitedSpan[]): RagAnswer["citations"] {
  const cited = new Set(spans.flatMap((span) => span.citations))
  return passages
    .filter(({ n }) => cited.has(n))
    .map((passage) => ({
      n: passage.n,
      chunk_id: passage.chunkId,
      document_id: passage.documentId,
      title: passage.title,
      start: passage.start,
      end: passage.end,
    }))
}

const toChunk = ({ chunk, score, ltrScore, conceptualScore, features, adjustments }: RankedChunk) => ({
  id: chunk.id,
  document_id: chunk.documentId,
  title: chunk.documentTitle,
  chunk: chunk.text,
  score,
  ltr_score: ltrScore,
  conceptual_score: conceptualScore,
  distance: 1 - features.similarity,
  features: { ...features },
  adjustments,
})
