import type { FeedbackEntry, FeedbackKind } from "#contract/feedback.ts"
import type { Actor } from "#core/actor.ts"
import type { FeedbackRepository } from "#store/types.ts"
import { queryHash } from "./shownLists.ts"

/**
 * What one event says of a passage. A thumb is a statement; opening, copying and reading are hints. That an answer cited a passage is
 * the product's own choice and must not confirm itself: it counts for nothing here.
 */
const worth: Record<FeedbackKind, number> = { up: 1, down: -1, copy: 0.4, dwell: 0.3, click: 0.2, cite: 0 }
/** Reading for this long counts in full. */
const readMs = 30_000
/** What was said for another question counts this much. */
const otherQuestion = 0.25
/** How many times as much a click far down counts at most. */
const mostCorrection = 3

/**
 * How much more a click at a place says than one at the top, which is looked at more: the inverse of the share of people who look there,
 * taken as 1/√place. Source: inverse propensity weighting, https://arxiv.org/abs/1608.04468
 */
export const positionCorrection = (position: number): number =>
  Math.min(mostCorrection, Math.sqrt(Math.max(1, position)))

/** −1..1 for each passage that something was done with: tanh of the sum of what its events say. */
export function feedbackScores(events: readonly FeedbackEntry[], query: string): Map<string, number> {
  const hash = queryHash(query)
  const sums = new Map<string, number>()
  for (const { chunk_id, query_hash, event, value, position } of events) {
    const isThumb = event === "up" || event === "down"
    const strength = event === "dwell" ? Math.min(1, value / readMs) : 1
    const said = worth[event] * strength * (isThumb ? 1 : positionCorrection(position))
    sums.set(chunk_id, (sums.get(chunk_id) ?? 0) + said * (query_hash === hash ? 1 : otherQuestion))
  }
  return new Map([...sums].filter(([, sum]) => sum !== 0).map(([chunkId, sum]) => [chunkId, Math.tanh(sum)]))
}

/** `RetrieveDeps.feedback` over the store. */
export const readFeedback =
  (feedback: Pick<FeedbackRepository, "ofChunks">) =>
  async (actor: Actor, { query, chunkIds }: { query: string; chunkIds: string[] }): Promise<Map<string, number>> =>
    feedbackScores(await feedback.ofChunks(actor, chunkIds), query)
