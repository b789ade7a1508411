import type { FeedbackEntry, FeedbackKind, ShownList } from "#contract/feedback.ts"
import type { Actor } from "#core/actor.ts"

export interface FeedbackCounts {
  queries: number
  events: Record<FeedbackKind, number>
  /** When the oldest list that is kept was shown; null: there is none. */
  since: number | null
}

/** What questions showed and what was done with it; the data that ranking learns from. Local, and erased by `forget`. */
export interface FeedbackRepository {
  /** Keeps the final list of a question; the same query id again replaces it. Older lists than the newest 2,000 go, with their events. */
  recordShown(actor: Actor, list: Omit<ShownList, "shown_at">): Promise<void>
  /**
   * A click, citation, copy or thumb counts once per list and passage; `dwell` adds up to half an hour; a thumb replaces the other one; value
   * 0 takes the event back. Throws `query.not-found`, and `request.invalid` for a passage that was not in the list.
   */
  record(
    actor: Actor,
    event: { queryId: string; chunkId: string; event: FeedbackKind; value: number },
  ): Promise<FeedbackEntry>
  shown(actor: Actor, queryId: string): Promise<{ list: ShownList; events: FeedbackEntry[] }>
  /** Everything that was ever done with these passages, oldest first. */
  ofChunks(actor: Actor, chunkIds: string[]): Promise<FeedbackEntry[]>
  /** Lists with their events, newest first. `withEvents`: only those that have some. */
  lists(
    actor: Actor,
    query: { limit: number; withEvents: boolean },
  ): Promise<{ list: ShownList; events: FeedbackEntry[] }[]>
  counts(actor: Actor): Promise<FeedbackCounts>
  /** Erases all of it. */
  forget(actor: Actor): Promise<{ queries: number; events: number }>
}
