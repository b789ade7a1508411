import type { Passage, PhaseResult } from "#contract/turns.ts"
import type { ChunkRecord } from "#store/types.ts"
import type { RankedChunk } from "./contract.ts"

/** As an answer cites it. */
export function toPassage({ chunk, score, features }: RankedChunk, index: number): Passage {
  return {
    n: index + 1,
    ...(chunk.kind ? { kind: chunk.kind } : {}),
    chunkId: chunk.id,
    documentId: chunk.documentId,
    collectionId: chunk.collectionId,
    title: chunk.documentTitle,
    path: chunk.documentPath,
    headingPath: chunk.headingPath,
    page: chunk.page,
    ...(chunk.documentKind ? { documentKind: chunk.documentKind } : {}),
    startMs: chunk.startMs ?? null,
    endMs: chunk.endMs ?? null,
    url: chunk.documentUrl ?? null,
    datedAt: chunk.documentDatedAt ?? null,
    ...(chunk.documentUpdatedAt === undefined ? {} : { readAt: chunk.documentUpdatedAt }),
    text: chunk.text,
    start: chunk.start,
    end: chunk.end,
    score,
    similarity: features.similarity,
  }
}

/** As a phase shows it, with everything that made its score. */
export function phaseResult({ chunk, score, features, ...rest }: RankedChunk, index: number): PhaseResult {
  return {
    ...placed(chunk, features.similarity, score, index),
    ltrScore: rest.ltrScore,
    conceptualScore: rest.conceptualScore,
    features: { ...features },
    adjustments: rest.adjustments,
  }
}

/** As the first phase shows it: a place, a score, and how it begins. */
export const placed = (chunk: ChunkRecord, similarity: number, score: number, index: number): PhaseResult => ({
  id: chunk.id,
  documentId: chunk.documentId,
  title: chunk.documentTitle,
  textPreview: chunk.text.slice(0, 200),
  distance: 1 - similarity,
  score,
  rank: index + 1,
})
