import { type Adjustment, adjust, type RankingContext } from "../adjust.ts"
import { passageInput } from "../passageInput.ts"
import { type Reranked, rerankedScores } from "../rerank.ts"
import type { RankedChunk, RetrieveRequest } from "./contract.ts"

export const bestFirst = (a: RankedChunk, b: RankedChunk): number =>
  b.score - a.score || b.conceptualScore - a.conceptualScore || (a.chunk.id < b.chunk.id ? -1 : 1)

/** What a cross-encoder reads of a passage. */
export const readTogether = ({ chunk }: RankedChunk): string => passageInput({ title: chunk.documentTitle, ...chunk })

/** What the cross-encoder read changes places among itself; each score says by how much. */
export function withReading(learned: RankedChunk[], reranked: Reranked | null): RankedChunk[] {
  if (reranked?.status !== "used") return learned
  const { scores } = reranked
  const after = rerankedScores(
    learned.map(({ score }) => score),
    scores,
  )
  return learned.map((entry, index) => {
    const score = after[index]
    if (score === undefined) return entry
    const reason = `Read together with the question: ${(scores[index] as number).toFixed(3)}`
    const adjustment: Adjustment = { name: "cross-encoder", value: score - entry.score, reason }
    return { ...entry, score, adjustments: [...entry.adjustments, adjustment] }
  })
}

/** P2: bounded, named changes of the score by what is known of the conversation, the persona and the memories. */
export function withAdjustments(
  learned: readonly RankedChunk[],
  request: RetrieveRequest,
  memories: RankingContext["memories"],
): RankedChunk[] {
  const { history, persona } = request
  const adjustable = learned.map(({ chunk, score, features }) => ({
    documentId: chunk.documentId,
    title: chunk.documentTitle,
    text: chunk.text,
    score,
    recency: features.recency,
  }))
  const adjustments = adjust(request.query, adjustable, { history, persona, memories })
  return learned
    .map((entry, index) => {
      const own = adjustments[index] ?? []
      const all = [...entry.adjustments, ...own]
      return { ...entry, adjustments: all, score: own.reduce((sum, { value }) => sum + value, entry.score) }
    })
    .sort(bestFirst)
}
