import type { ChunkRecord } from "#store/types.ts"
import { hasAnswerForm } from "../bestSentence.ts"
import type { QueryTerms } from "../queryTerms.ts"
import { answerFloor, confidenceOf, coverageOfStems, type TermWeights } from "../relevance.ts"
import { unknownNames } from "../unknownNames.ts"
import { stemsOf } from "../words.ts"
import type { RankedChunk, Retrieval, RetrieveRequest } from "./contract.ts"
import type { Search } from "./searchBoth.ts"

/** Best passages that the verdict looks at together. */
const judgedCount = 3

/** Whether the best passages answer the question at all. */
export function judge(
  { query: question, floor = answerFloor }: RetrieveRequest,
  ranked: readonly RankedChunk[],
  { query, weights, embedder, candidates }: Search,
): Pick<Retrieval, "found" | "confidence" | "unknown"> {
  const confidence = confidenceOfRanked(ranked, query, weights, embedder !== null && !embedder.isFallback)
  // A rare name is found wherever it stands, so the candidates hold every document that has it.
  const unknown = unknownNames(
    question,
    candidates.map(({ chunk }) => `${chunk.documentPath}\n${searchable(chunk)}`),
  )
  return { found: ranked.length > 0 && confidence >= floor && unknown.length === 0, confidence, unknown }
}

function confidenceOfRanked(
  ranked: readonly RankedChunk[],
  query: QueryTerms,
  weights: TermWeights,
  isTrained: boolean,
): number {
  const top = ranked.slice(0, judgedCount)
  if (top.length === 0) return 0
  const joint = new Set(top.flatMap(({ chunk }) => [...stemsOf(searchable(chunk))]))
  const answers = top.some(({ chunk }) => hasAnswerForm(query.answerKind, chunk.text))
  return Math.max(
    ...top.map(({ features }) =>
      confidenceOf({
        coverage: features.coverage,
        jointCoverage: coverageOfStems(weights, joint),
        similarity: isTrained ? features.similarity : null,
        hasAnswerForm: answers,
      }),
    ),
  )
}

const searchable = (chunk: ChunkRecord): string =>
  `${chunk.documentTitle}\n${chunk.headingPath.join("\n")}\n${chunk.text}`
