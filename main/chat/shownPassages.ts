import { rankSentences } from "#rag/bestSentence.ts"
import { questionParts } from "#rag/queryTerms.ts"
import { answerFloor } from "#rag/relevance.ts"
import type { Retrieval } from "#rag/retrieve.ts"
import { selectEvidence } from "./evidence.ts"

/** English text, on the safe side: names and figures take more tokens than prose. */
const charactersPerToken = 3.5

/** Ids of the passages of which something has room in the prompt of an answer. `passageTokens`: what this machine reads in time. */
export async function shownPassages(
  question: string,
  retrieval: Retrieval,
  passageTokens: number,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const sentences = await rankSentences(retrieval.passages, retrieval, signal)
  const evidence = selectEvidence({
    passages: retrieval.passages,
    sentences,
    weights: retrieval.weights,
    parts: questionParts(question),
    room: passageTokens * charactersPerToken,
    isByMeaning: retrieval.confidence < answerFloor,
  })
  return new Set(evidence.map(({ chunkId }) => chunkId))
}
