import type { FeedbackKind, ShownList } from "#contract/feedback.ts"
import { AppError } from "#core/errors.ts"

export const feedbackKinds = ["click", "cite", "copy", "up", "down", "dwell"] as const satisfies readonly FeedbackKind[]

/** Lists kept per person. */
export const keptLists = 2000
/** Passages kept of one list: nobody acts on what stands further down. */
export const keptPassages = 50
/** Longer than this a passage was left open, not read. */
export const longestDwellMs = 30 * 60_000

/** Place of a passage in its list. Throws `request.invalid`. */
export function positionOf(list: Pick<ShownList, "passages">, chunkId: string): number {
  const passage = list.passages.find(({ chunk_id }) => chunk_id === chunkId)
  if (!passage) {
    throw new AppError("request.invalid", "This passage was not among those that the question showed.", {
      remedy: "Send a chunk id of that question's results.",
    })
  }
  return passage.position
}

export const noEvents = (): Record<FeedbackKind, number> => ({ click: 0, cite: 0, copy: 0, up: 0, down: 0, dwell: 0 })

/** The thumb that a new one takes the place of. */
export const oppositeThumb = (event: FeedbackKind): FeedbackKind | null =>
  event === "up" ? "down" : event === "down" ? "up" : null
