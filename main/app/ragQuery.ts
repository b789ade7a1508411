import type { AnswerInput } from "#chat/runTurn.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Persona } from "#contract/settings.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { featureNames, featureSchemaVersion } from "#rag/features.ts"
import { type RetrieveDeps, retrievePassages } from "#rag/retrieve.ts"
import type { RagQuery } from "#server/deps.ts"

export interface RagQueryDeps {
  retrieval: RetrieveDeps
  answer(input: AnswerInput, signal: AbortSignal): AsyncIterable<TurnEventBody>
  persona(id: string | null): Promise<Persona>
  clock: Clock
}

type RagAnswer = RouteOutput<Routes["POST /rag/query"]>

/** `/rag/query`: the ranked chunks with their features, and an answer made by the same generator as a chat turn's. */
export async function ragQuery(
  actor: Actor,
  query: RagQuery,
  deps: RagQueryDeps,
  signal: AbortSignal,
): Promise<RagAnswer> {
  const started = deps.clock.monotonic()
  const collectionIds = query.collection_ids ?? null
  const retrieval = await retrievePassages(
    actor,
    { query: query.query, collectionIds, topK: query.top_k },
    deps.retrieval,
    signal,
  )
  const written = query.answer ? await writeAnswer(actor, query, deps, signal) : null
  return {
    query: query.query,
    chunks: retrieval.ranked.map(({ chunk, score, ltrScore, conceptualScore, features }) => ({
      id: chunk.id,
      document_id: chunk.documentId,
      title: chunk.documentTitle,
      chunk: chunk.text,
      score,
      ltr_score: ltrScore,
      conceptual_score: conceptualScore,
      distance: 1 - features.similarity,
      features: { ...features },
    })),
    answer: written?.text ?? null,
    found: written?.found ?? retrieval.found,
    citations: written?.citations ?? [],
    answer_meta: {
      backend: "in-process",
      model: written?.model ?? null,
      latency_ms: deps.clock.monotonic() - started,
      usage: written?.usage ?? null,
      rag_used: true,
      timings: { embed: retrieval.embedMs, search: retrieval.searchMs },
      errors: [],
    },
    fusion_weights: retrieval.fusion,
    feature_names: [...featureNames],
    feature_schema_version: featureSchemaVersion,
    scoring_version: retrieval.rankingVersion,
    session_id: query.session_id ?? null,
  }
}

interface Written {
  text: string
  found: boolean
  model: string | null
  usage: unknown
  citations: RagAnswer["citations"]
}

async function writeAnswer(actor: Actor, query: RagQuery, deps: RagQueryDeps, signal: AbortSignal): Promise<Written> {
  const written: Written = { text: "", found: false, model: null, usage: null, citations: [] }
  const input: AnswerInput = {
    actor,
    question: query.query,
    history: [],
    // An empty list would mean "without documents"; this route always searches them.
    collectionIds: query.collection_ids?.length ? query.collection_ids : null,
    alwaysSearches: true,
    persona: await deps.persona(query.persona_key ?? null),
    cacheKey: query.session_id ?? "rag",
    model: null,
  }
  for await (const event of deps.answer(input, signal)) {
    if (event.type === "retrieve-end") {
      written.citations = event.passages.map((passage) => ({
        n: passage.n,
        chunk_id: passage.chunkId,
        document_id: passage.documentId,
        title: passage.title,
        start: passage.start,
        end: passage.end,
      }))
    } else if (event.type === "text-end") {
      const cited = new Set(event.spans.flatMap((span) => span.citations))
      written.citations = written.citations.filter((citation) => cited.has(citation.n))
      written.text = event.text
      written.found = event.found
      written.model = event.model
      written.usage = event.usage
    }
  }
  return written
}
