import type { RagStreamEvent } from "#contract/ragStream.ts"
import type { Passage, PhaseDelta, PhaseResult, TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import { untilAborted } from "#core/untilAborted.ts"
import { featureNames } from "#rag/features.ts"
import type { Reranked } from "#rag/rerank.ts"
import { scoringOf } from "#rag/shownLists.ts"
import type { RagStreamOptions, RagStreamQuery } from "#server/deps.ts"
import { answerInput, citationsOf, type RagQueryDeps, searchThenAnswer } from "./ragQuery.ts"

/** One event as it is sent; the closing `error` is the server's. */
type Streamed = Exclude<RagStreamEvent, { phase: "error" }>
type Event<T extends TurnEventBody["type"]> = Extract<TurnEventBody, { type: T }>

const rememberedLength = 160

/** `/rag/stream_query`: the events of a turn, as the route names them. Ends with `done`; throws what went wrong. */
export async function* ragStream(
  actor: Actor,
  query: RagStreamQuery,
  options: RagStreamOptions,
  deps: RagQueryDeps,
  signal: AbortSignal,
): AsyncGenerator<Streamed> {
  const started = deps.clock.monotonic()
  const elapsed = (): number => deps.clock.monotonic() - started
  const timings: Record<string, number> = {}
  let passages: Passage[] = []
  for await (const event of promptly(turnEvents(actor, query, options, deps, signal), signal)) {
    switch (event.type) {
      case "retrieve-phase":
        timings[`${event.phase.toLowerCase()}_ms`] = elapsed()
        yield phaseEvent(event, options.queryId)
        break
      case "retrieve-end":
        timings.embed_ms = event.embedMs
        timings.search_ms = event.searchMs
        passages = event.passages
        break
      case "memory":
        yield memoryEvent(event, query, options)
        break
      case "text-delta":
        if (!query.answer) break
        timings.first_token_ms ??= elapsed()
        yield { phase: "token", text: event.text }
        break
      case "text-end":
        if (!query.answer) break
        yield {
          phase: "answer",
          answer: event.text,
          found: event.found,
          citations: citationsOf(passages, event.spans),
          answer_meta: { model: event.model, usage: event.usage },
        }
        break
      default:
        break
    }
  }
  yield { phase: "done", query_id: options.queryId, timings: { ...timings, total_ms: elapsed() } }
}

/** What a turn with this question would say. */
async function* turnEvents(
  actor: Actor,
  query: RagStreamQuery,
  { queryId, keepsMemories }: RagStreamOptions,
  deps: RagQueryDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  if (deps.isToBeRemembered(query.query)) {
    const input = answerInput(actor, query, await deps.persona(query.persona_key ?? null))
    const remember = keepsMemories ? { kind: "added" as const, conversationId: null, messageId: null } : null
    yield* deps.answer({ ...input, remember }, signal)
    return
  }
  const events = searchThenAnswer(actor, query, deps, signal)
  yield* deps.shown.watch(events, { actor, queryId, query: query.query, surface: "rag" })
}

/** Passes events on; an abort ends it at once, whatever the source is waiting for. */
async function* promptly<T>(events: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    for (;;) {
      const next = await untilAborted(events.next(), signal)
      if (next.done) return
      yield next.value
    }
  } finally {
    // Not awaited: it ends by the signal, as soon as it looks.
    void events.return(undefined).catch(() => undefined)
  }
}

function phaseEvent({ phase, results, delta, meta }: Event<"retrieve-phase">, queryId: string): Streamed {
  if (phase === "P0") {
    const { embed_ms, search_ms, index, retrieved, ...rest } = meta
    return {
      phase,
      provisional: true,
      query_id: queryId,
      results: results.map(place),
      meta: {
        ...rest,
        embed_ms: numberOf(embed_ms),
        search_ms: numberOf(search_ms),
        index: typeof index === "string" ? index : null,
        retrieved: numberOf(retrieved),
      },
    }
  }
  if (phase === "P1") {
    const { ranking, fusion_weights } = scoringOf(meta)
    return {
      phase,
      provisional: true,
      feature_names: [...featureNames],
      results: results.map(learned),
      delta: delta.map(moved),
      ltr_ms: numberOf(meta.ltr_ms),
      result_count: results.length,
      ranking,
      fusion_weights,
    }
  }
  return {
    phase,
    provisional: false,
    results: results.map((result) => ({ ...learned(result), adjustments: result.adjustments ?? [] })),
    delta: delta.map(moved),
    result_count: results.length,
    found: meta.found === true,
    confidence: numberOf(meta.confidence),
    ...(meta.rerank ? { rerank: meta.rerank as Reranked } : {}),
    final: true,
  }
}

const place = (result: PhaseResult) => ({
  id: result.id,
  document_id: result.documentId,
  title: result.title,
  text_preview: result.textPreview,
  distance: result.distance,
  score: result.score,
  rank: result.rank,
})

const learned = (result: PhaseResult) => ({
  ...place(result),
  ltr_score: result.ltrScore ?? 0,
  conceptual_score: result.conceptualScore ?? 0,
  features: result.features ?? {},
})

const moved = ({ id, oldRank, newRank, rankDelta, score, scoreDelta, entered }: PhaseDelta) => ({
  id,
  old_rank: oldRank,
  new_rank: newRank,
  rank_delta: rankDelta,
  score,
  score_delta: scoreDelta,
  ...(entered
    ? {
        entered: {
          document_id: entered.documentId,
          title: entered.title,
          text_preview: entered.textPreview,
          distance: entered.distance,
        },
      }
    : {}),
})

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)

function memoryEvent(
  { action, memoryId, text }: Event<"memory">,
  { user_id, group_ids }: RagStreamQuery,
  { keepsMemories }: RagStreamOptions,
): Streamed {
  return {
    phase: "MEM",
    ack: action === "stored" || action === "known",
    stored_id: memoryId,
    action,
    text_preview: text.slice(0, rememberedLength),
    source: "memory",
    user_id: user_id ?? null,
    group_ids: group_ids ?? [],
    ...(action === "refused" && !keepsMemories ? { error: "Reading an address stores nothing: send it by POST." } : {}),
  }
}
