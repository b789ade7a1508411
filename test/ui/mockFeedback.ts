import type { FeedbackEntry, ShownList } from "#contract/feedback.ts"
import type { PhaseResult } from "#contract/turns.ts"
import { movedByFeedback, reproduceScore } from "#rag/shownLists.ts"
import { passages, seedNow } from "./seed.ts"

const scoring: ShownList["scoring"] = {
  scoring_version: "shipped-1",
  feature_schema_version: "2",
  ranking: {
    version: "shipped-1",
    bias: -3,
    weights: {
      similarity: 2.4,
      bm25_share: 1.1,
      bm25_body: 0.9,
      coverage: 1.6,
      phrase: 0.7,
      recency: -0.3,
      feedback: 1,
    },
  },
  fusion_weights: { ltr: 0.6, conceptual: 0.4 },
}

const features = [
  { similarity: 0.81, bm25_share: 1, bm25_body: 0.72, coverage: 0.9, phrase: 0.5, recency: 0.4, feedback: 0 },
  { similarity: 0.66, bm25_share: 0.5, bm25_body: 0.44, coverage: 0.6, phrase: 0, recency: 0.4, feedback: 0.9 },
  { similarity: 0.58, bm25_share: 0.72, bm25_body: 0.5, coverage: 0.6, phrase: 0.1, recency: 0.4, feedback: 0 },
]
const conceptual = [0.94, 0.55, 0.66]

/** What a question of the seed showed: the second passage stands where it stands because of feedback. */
export function shownListOf(queryId: string): ShownList {
  return {
    query_id: queryId,
    query_hash: "0",
    surface: "chat",
    scoring,
    shown_at: seedNow,
    passages: passages.map(({ chunkId }, index) => {
      const parts = {
        features: features[index] ?? {},
        conceptual_score: conceptual[index] ?? 0,
        adjustments:
          index === 0 ? [{ name: "conversation", value: 0.03, reason: "You spoke about the Aria 200 before." }] : [],
      }
      return { chunk_id: chunkId, position: index + 1, score: reproduceScore(parts, scoring), ltr_score: 0.5, ...parts }
    }),
  }
}

/** The route's answer, with what was done so far. */
export function shownAnswer(queryId: string, events: readonly FeedbackEntry[]) {
  const list = shownListOf(queryId)
  return {
    ...list,
    events: events
      .filter((entry) => entry.query_id === queryId)
      .map(({ query_hash: _hash, query_id: _id, ...entry }) => entry),
    moved: movedByFeedback(list),
  }
}

/** The list as each phase ranks it: by words and meaning the last two stand the other way round. */
export function phaseResults(phase: "P0" | "P1" | "P2"): PhaseResult[] {
  const order = phase === "P0" ? [0, 2, 1] : [0, 1, 2]
  return order.flatMap((place, index) => {
    const passage = passages[place]
    return passage
      ? [
          {
            id: passage.chunkId,
            documentId: passage.documentId,
            title: passage.title,
            textPreview: passage.text,
            distance: 1 - passage.similarity,
            score: passage.score,
            rank: index + 1,
          },
        ]
      : []
  })
}
