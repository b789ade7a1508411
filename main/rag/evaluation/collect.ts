import type { Actor } from "#core/actor.ts"
import type { ChunkRecord } from "#store/types.ts"
import type { JudgedQuery } from "../evaluate.ts"
import type { Features } from "../features.ts"
import { reciprocalRankFusion } from "../fuse.ts"
import { queryTerms } from "../queryTerms.ts"
import { type RetrieveDeps, retrieve } from "../retrieve.ts"
import type { EvalQuestion, Expectation } from "./dataset.ts"

/** Everything one question's evaluation needs, as ids of documents (of a test collection) or of expectations and chunks. */
export interface QuestionRun extends JudgedQuery {
  id: string
  bm25: string[]
  vectors: string[]
  rrf: string[]
  P0: string[]
  P1: string[]
  P2: string[]
  /** P1's results with what learning needs. */
  candidates: { id: string; features: Features; conceptualScore: number }[]
  found: boolean
  isUnanswerable: boolean
  ms: number
}

/** Ranked results looked at: recall is told up to here. */
export const evalDepth = 100

/** Runs one question through every step of retrieval. */
export async function collectRun(
  actor: Actor,
  question: EvalQuestion,
  collectionIds: readonly string[] | null,
  deps: RetrieveDeps,
  signal: AbortSignal,
): Promise<QuestionRun> {
  const { query, history, expected } = question
  const startedAt = deps.clock.monotonic()
  const ids = collectionIds ? [...collectionIds] : null
  const keys = new Map<string, string>()
  const keyOf = (chunk: ChunkRecord): string => {
    const key =
      expected.length > 0 ? keyOfExpected(chunk, expected) : question.gains.size > 0 ? chunk.documentPath : chunk.id
    keys.set(chunk.id, key)
    return key
  }

  const phases: Record<"P0" | "P1" | "P2", string[]> = { P0: [], P1: [], P2: [] }
  let candidates: { chunkId: string; features: Features; conceptualScore: number }[] = []
  const request = { query, collectionIds, history, topK: evalDepth }
  const events = retrieve(actor, request, deps, signal)
  let retrieval: Awaited<ReturnType<typeof events.next>>
  for (retrieval = await events.next(); !retrieval.done; retrieval = await events.next()) {
    const event = retrieval.value
    if (event.type !== "retrieve-phase") continue
    phases[event.phase] = event.results.map(({ id }) => id)
    if (event.phase === "P1") {
      candidates = event.results.map(({ id, features, conceptualScore }) => ({
        chunkId: id,
        features: features as Features,
        conceptualScore: conceptualScore ?? 0,
      }))
    }
  }
  const { vector, embedder, found } = retrieval.value
  const ms = deps.clock.monotonic() - startedAt

  const terms = queryTerms(query, history).terms.map((term) => term.word)
  const lexical = await deps.chunks.searchLexical(actor, { terms, collectionIds: ids, limit: evalDepth })
  const nearest =
    vector && embedder
      ? await deps.chunks.searchVector(actor, {
          vector,
          fingerprint: embedder.fingerprint,
          collectionIds: ids,
          limit: evalDepth,
        })
      : []
  const bm25 = lexical.map(({ chunk }) => keyOf(chunk))
  const vectors = nearest.map(({ chunk }) => keyOf(chunk))
  for (const { chunk } of retrieval.value.ranked) keyOf(chunk)
  const keysOf = (chunkIds: readonly string[]): string[] => distinct(chunkIds.map((id) => keys.get(id) ?? id))
  return {
    id: question.id,
    query,
    gains: expected.length > 0 ? new Map(expected.map((_, index) => [expectedKey(index), 1])) : question.gains,
    bm25: distinct(bm25),
    vectors: distinct(vectors),
    rrf: reciprocalRankFusion([distinct(bm25), distinct(vectors)]).map(({ id }) => id),
    P0: keysOf(phases.P0),
    P1: keysOf(phases.P1),
    P2: keysOf(phases.P2),
    candidates: candidates.map(({ chunkId, ...rest }) => ({ id: keys.get(chunkId) ?? chunkId, ...rest })),
    found,
    isUnanswerable: question.isUnanswerable,
    ms,
  }
}

const expectedKey = (index: number): string => `expected:${index}`

function keyOfExpected(chunk: ChunkRecord, expected: readonly Expectation[]): string {
  const index = expected.findIndex((expectation) => isExpected(chunk, expectation))
  return index < 0 ? chunk.id : expectedKey(index)
}

/** Whether this is the passage that a question should find. */
export function isExpected(
  chunk: Pick<ChunkRecord, "documentPath" | "documentTitle" | "headingPath" | "text">,
  { document, passage }: Expectation,
): boolean {
  const isDocument =
    document === null ||
    chunk.documentTitle.toLowerCase() === document.toLowerCase() ||
    `/${plainPath(chunk.documentPath)}`.endsWith(`/${plainPath(document)}`)
  return (
    isDocument && (passage === null || plain(`${chunk.headingPath.join(" ")} ${chunk.text}`).includes(plain(passage)))
  )
}

const plain = (text: string): string => text.replace(/\s+/g, " ").toLowerCase().trim()
const plainPath = (path: string): string => path.replaceAll("\\", "/").toLowerCase()
const distinct = (ids: readonly string[]): string[] => [...new Set(ids)]
