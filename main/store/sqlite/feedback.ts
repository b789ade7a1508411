import type { FeedbackEntry, FeedbackKind, ShownList } from "#contract/feedback.ts"
import {
  feedbackKinds,
  keptLists,
  keptPassages,
  longestDwellMs,
  noEvents,
  oppositeThumb,
  positionOf,
} from "../feedbackRules.ts"
import { notFound } from "../notFound.ts"
import type { FeedbackRepository } from "../types.ts"
import { fromJson, owned, type StoreContext, type Sync } from "./context.ts"
import { erasing } from "./erase.ts"

interface ListRow {
  seq: number
  id: string
  query_hash: string
  surface: ShownList["surface"]
  scoring: string
  shown_at: number
  passages: string
}

interface EntryRow {
  list_seq: number
  query_id: string
  query_hash: string
  chunk_id: string
  position: number
  event: FeedbackKind
  value: number
  at: number
}

const toList = (row: ListRow): ShownList => ({
  query_id: row.id,
  query_hash: row.query_hash,
  surface: row.surface,
  scoring: fromJson(row.scoring),
  shown_at: row.shown_at,
  passages: fromJson(row.passages),
})

const toEntry = ({ list_seq: _, ...entry }: EntryRow): FeedbackEntry => entry

const selectEntries = `SELECT f.list_seq, l.id AS query_id, l.query_hash, f.chunk_id, f.position, f.event, f.value, f.at
  FROM feedback f JOIN shown_lists l ON l.seq = f.list_seq`

export function createFeedback(context: StoreContext): Sync<FeedbackRepository> {
  const { all, get, run, transaction } = context

  function find(owner: { owner: string }, queryId: string): ListRow {
    const row = get<ListRow>(`SELECT l.* FROM shown_lists l WHERE l.id = @queryId AND ${owned("l")}`, {
      ...owner,
      queryId,
    })
    if (!row) throw notFound("query")
    return row
  }

  function withEvents(owner: { owner: string }, lists: readonly ListRow[]) {
    const seqs = JSON.stringify(lists.map(({ seq }) => seq))
    const rows = all<EntryRow>(
      `${selectEntries} WHERE f.list_seq IN (SELECT value FROM json_each(@seqs)) AND ${owned("f")} ORDER BY f.seq`,
      { ...owner, seqs },
    )
    const events = Map.groupBy(rows, (row) => row.list_seq)
    return lists.map((row) => ({ list: toList(row), events: (events.get(row.seq) ?? []).map(toEntry) }))
  }

  return {
    recordShown(actor, list) {
      transaction(() => {
        const owner = context.owner(actor)
        run(
          `INSERT INTO shown_lists (id, owner_id, query_hash, surface, scoring, shown_at, passages)
           VALUES (@id, @owner, @hash, @surface, @scoring, @now, @passages)
           ON CONFLICT (owner_id, id) DO UPDATE SET query_hash = excluded.query_hash, surface = excluded.surface,
             scoring = excluded.scoring, shown_at = excluded.shown_at, passages = excluded.passages`,
          {
            ...owner,
            id: list.query_id,
            hash: list.query_hash,
            surface: list.surface,
            scoring: JSON.stringify(list.scoring),
            now: context.now(),
            passages: JSON.stringify(list.passages.slice(0, keptPassages)),
          },
        )
        const { changes } = run(
          `DELETE FROM shown_lists AS l WHERE ${owned("l")} AND l.seq <=
             (SELECT o.seq FROM shown_lists o WHERE ${owned("o")} ORDER BY o.seq DESC LIMIT 1 OFFSET @keptLists)`,
          { ...owner, keptLists },
        )
        if (changes > 0) {
          run(
            `DELETE FROM feedback AS f WHERE ${owned("f")} AND f.list_seq NOT IN (SELECT l.seq FROM shown_lists l WHERE ${owned("l")})`,
            owner,
          )
        }
      })
    },
    record(actor, { queryId, chunkId, event, value }) {
      return transaction(() => {
        const owner = context.owner(actor)
        const list = find(owner, queryId)
        const position = positionOf(toList(list), chunkId)
        const at = context.now()
        const row = { ...owner, list: list.seq, chunkId, event }
        const remove = (kind: FeedbackKind) =>
          run(
            `DELETE FROM feedback AS f WHERE f.list_seq = @list AND f.chunk_id = @chunkId AND f.event = @event AND ${owned("f")}`,
            { ...row, event: kind },
          )
        const opposite = oppositeThumb(event)
        if (opposite) remove(opposite)
        let kept = value
        if (value === 0) remove(event)
        else {
          kept =
            get<{ value: number }>(
              `INSERT INTO feedback (owner_id, list_seq, chunk_id, position, event, value, at)
               VALUES (@owner, @list, @chunkId, @position, @event, @value, @at)
               ON CONFLICT (list_seq, chunk_id, event) DO UPDATE SET at = excluded.at,
                 value = CASE WHEN event = 'dwell' THEN min(@longestDwellMs, value + excluded.value) ELSE excluded.value END
               RETURNING value`,
              {
                ...row,
                position,
                value: event === "dwell" ? Math.min(value, longestDwellMs) : value,
                at,
                longestDwellMs,
              },
            )?.value ?? value
        }
        return { query_id: queryId, query_hash: list.query_hash, chunk_id: chunkId, position, event, value: kept, at }
      })
    },
    shown(actor, queryId) {
      const owner = context.owner(actor)
      const row = find(owner, queryId)
      const [entry] = withEvents(owner, [row])
      return entry ?? { list: toList(row), events: [] }
    },
    ofChunks: (actor, chunkIds) =>
      all<EntryRow>(
        `${selectEntries} WHERE f.chunk_id IN (SELECT value FROM json_each(@ids)) AND ${owned("f")} ORDER BY f.seq`,
        { ...context.owner(actor), ids: JSON.stringify(chunkIds) },
      ).map(toEntry),
    lists(actor, { limit, withEvents: onlyActedOn }) {
      const owner = context.owner(actor)
      const rows = all<ListRow>(
        `SELECT l.* FROM shown_lists l WHERE ${owned("l")}
           AND (@all = 1 OR EXISTS (SELECT 1 FROM feedback f WHERE f.list_seq = l.seq))
         ORDER BY l.seq DESC LIMIT @limit`,
        { ...owner, limit, all: onlyActedOn ? 0 : 1 },
      )
      return withEvents(owner, rows)
    },
    counts(actor) {
      const owner = context.owner(actor)
      const events = noEvents()
      for (const { event, n } of all<{ event: FeedbackKind; n: number }>(
        `SELECT f.event, count(*) AS n FROM feedback f WHERE ${owned("f")} GROUP BY f.event`,
        owner,
      )) {
        if (feedbackKinds.includes(event)) events[event] = n
      }
      const lists = get<{ n: number; since: number | null }>(
        `SELECT count(*) AS n, min(l.shown_at) AS since FROM shown_lists l WHERE ${owned("l")}`,
        owner,
      )
      return { queries: lists?.n ?? 0, events, since: lists?.since ?? null }
    },
    forget(actor) {
      return erasing(context, ["feedback", "shown_lists"], () => {
        const owner = context.owner(actor)
        const events = run(`DELETE FROM feedback AS f WHERE ${owned("f")}`, owner).changes
        const queries = run(`DELETE FROM shown_lists AS l WHERE ${owned("l")}`, owner).changes
        return { queries, events }
      })
    },
  }
}
