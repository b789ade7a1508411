import type { TimelineEvent, TimelineKind } from "#contract/timeline.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

export interface TimelineQuery {
  kind?: TimelineKind
  personId?: string
  sinceMs?: number
  untilMs?: number
  cursor?: string
  limit: number
}

/** Read from what the other repositories keep: it has no rows of its own, so what is erased there is gone here too. */
export interface TimelineRepository {
  /** Newest first. The actor's own things, and the rows of the audit log they may see. */
  list(actor: Actor, query: TimelineQuery): Promise<Page<TimelineEvent>>
}
