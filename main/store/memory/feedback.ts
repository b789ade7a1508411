import type { FeedbackEntry, ShownList } from "#contract/feedback.ts"
import { keptLists, keptPassages, longestDwellMs, noEvents, oppositeThumb, positionOf } from "../feedbackRules.ts"
import type { FeedbackRepository } from "../types.ts"
import { copy, forgotten, found, mine, type Owned, removeWhere, type Tables } from "./tables.ts"

export function createMemoryFeedback(tables: Tables): FeedbackRepository {
  const lists: Owned<{ list: ShownList }>[] = []
  const entries: Owned<{ entry: FeedbackEntry }>[] = []

  tables.onRemoval.push(forgotten(lists), forgotten(entries))
  const eventsOf = (ownerId: string, queryId: string): FeedbackEntry[] =>
    entries.filter((row) => row.ownerId === ownerId && row.entry.query_id === queryId).map(({ entry }) => copy(entry))

  return {
    async recordShown(actor, list) {
      const kept: ShownList = copy({
        ...list,
        passages: list.passages.slice(0, keptPassages),
        shown_at: tables.clock.now(),
      })
      const known = mine(actor, lists).find((row) => row.list.query_id === list.query_id)
      if (known) known.list = kept
      else lists.push({ ownerId: actor.personId, seq: tables.nextSeq(), list: kept })
      const old = new Set(mine(actor, lists).slice(0, -keptLists))
      removeWhere(lists, (row) => old.has(row))
      const gone = new Set([...old].map((row) => row.list.query_id))
      removeWhere(entries, (row) => row.ownerId === actor.personId && gone.has(row.entry.query_id))
    },
    async record(actor, { queryId, chunkId, event, value }) {
      const { list } = found(
        "query",
        mine(actor, lists).find((row) => row.list.query_id === queryId),
      )
      const position = positionOf(list, chunkId)
      const of = (kind: string | null) => (row: Owned<{ entry: FeedbackEntry }>) =>
        row.ownerId === actor.personId &&
        row.entry.query_id === queryId &&
        row.entry.chunk_id === chunkId &&
        row.entry.event === kind
      removeWhere(entries, of(oppositeThumb(event)))
      const at = tables.clock.now()
      const known = entries.find(of(event))
      const sum = event === "dwell" ? Math.min(longestDwellMs, value + (known?.entry.value ?? 0)) : value
      const entry: FeedbackEntry = {
        query_id: queryId,
        query_hash: list.query_hash,
        chunk_id: chunkId,
        position,
        event,
        value: value === 0 ? 0 : sum,
        at,
      }
      if (value === 0) removeWhere(entries, of(event))
      else if (known) known.entry = copy({ ...entry, position: known.entry.position })
      else entries.push({ ownerId: actor.personId, seq: tables.nextSeq(), entry: copy(entry) })
      return entry
    },
    async shown(actor, queryId) {
      const { list } = found(
        "query",
        mine(actor, lists).find((row) => row.list.query_id === queryId),
      )
      return { list: copy(list), events: eventsOf(actor.personId, queryId) }
    },
    async ofChunks(actor, chunkIds) {
      const wanted = new Set(chunkIds)
      return mine(actor, entries)
        .filter(({ entry }) => wanted.has(entry.chunk_id))
        .map(({ entry }) => copy(entry))
    },
    async lists(actor, { limit, withEvents }) {
      return mine(actor, lists)
        .map(({ list }) => ({ list: copy(list), events: eventsOf(actor.personId, list.query_id) }))
        .filter(({ events }) => !withEvents || events.length > 0)
        .reverse()
        .slice(0, limit)
    },
    async counts(actor) {
      const events = noEvents()
      for (const { entry } of mine(actor, entries)) events[entry.event]++
      const shown = mine(actor, lists).map(({ list }) => list.shown_at)
      return { queries: shown.length, events, since: shown.length > 0 ? Math.min(...shown) : null }
    },
    async forget(actor) {
      const isMine = (row: { ownerId: string }) => row.ownerId === actor.personId
      return { events: removeWhere(entries, isMine), queries: removeWhere(lists, isMine) }
    },
  }
}
