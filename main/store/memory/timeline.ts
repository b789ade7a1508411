import type { TimelineEvent } from "#contract/timeline.ts"
import { type Actor, isOwnerPerson } from "#core/actor.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { kindOfAction, kindOfJob, togetherMs } from "../timelineKinds.ts"
import type { TimelineRepository } from "../types.ts"
import { mine, type Tables } from "./tables.ts"

type Row = TimelineEvent & { source: number; seq: number }

export function createMemoryTimeline(tables: Tables): TimelineRepository {
  return {
    async list(actor, query) {
      const place = decodeCursor(query.cursor, 3)
      const rows = [
        ...documents(actor, tables),
        ...turns(actor, tables),
        ...jobs(actor, tables),
        ...audit(actor, tables),
      ]
        .filter(
          (row) =>
            (query.kind === undefined || row.kind === query.kind) &&
            (query.personId === undefined || row.personId === query.personId) &&
            row.at >= (query.sinceMs ?? 0) &&
            row.at <= (query.untilMs ?? Number.POSITIVE_INFINITY) &&
            (place === null || compare([row.at, row.source, row.seq], place) < 0),
        )
        .sort((a, b) => -compare([a.at, a.source, a.seq], [b.at, b.source, b.seq]))
      return toPage(
        rows.slice(0, query.limit + 1),
        query.limit,
        (row) => [row.at, row.source, row.seq],
        ({ source: _source, seq: _seq, ...event }) => event,
      )
    },
  }
}

function documents(actor: Actor, tables: Tables): Row[] {
  const together = Map.groupBy(
    mine(actor, tables.documents),
    ({ document }) => `${document.collectionId}/${Math.floor(document.createdAt / togetherMs)}`,
  )
  return [...together.values()].map((group) => {
    const ids = group.map(({ document }) => document.id).sort()
    return {
      id: ids.at(-1) ?? "",
      at: Math.max(...group.map(({ document }) => document.createdAt)),
      kind: "document",
      event: "document.added",
      outcome: "ok",
      personId: group[0]?.ownerId ?? "",
      subjectId: ids.at(-1) ?? null,
      title: group.map(({ document }) => document.title).sort()[0] ?? null,
      count: group.length,
      source: 1,
      seq: Math.max(...group.map(({ seq }) => seq)),
    }
  })
}

const turns = (actor: Actor, tables: Tables): Row[] =>
  mine(actor, tables.messages).flatMap(({ message, ownerId, seq }) => {
    const conversation = mine(actor, tables.conversations).find(({ id }) => id === message.conversationId)
    if (message.role !== "assistant" || !conversation || conversation.deletedAt !== null) return []
    return [
      {
        id: message.id,
        at: message.createdAt,
        kind: "turn",
        event: message.kind === "voice" ? "turn.spoken" : "turn.answered",
        outcome: message.endReason === "error" ? "failed" : "ok",
        personId: ownerId,
        subjectId: conversation.id,
        title: conversation.title,
        count: 1,
        source: 2,
        seq,
      } satisfies Row,
    ]
  })

const jobs = (actor: Actor, tables: Tables): Row[] =>
  mine(actor, tables.jobs).flatMap(({ job, ownerId, seq }) => {
    const kind = kindOfJob[job.kind]
    if (!kind) return []
    return [
      {
        id: job.id,
        at: job.updatedAt,
        kind,
        event: job.kind,
        outcome:
          job.status === "done" ? "ok" : job.status === "failed" || job.status === "cancelled" ? "failed" : "running",
        personId: ownerId,
        subjectId: job.subjectId,
        title: job.title,
        count: 1,
        source: 3,
        seq,
      } satisfies Row,
    ]
  })

const audit = (actor: Actor, tables: Tables): Row[] =>
  tables.audit
    .filter((row) => isOwnerPerson(actor) || row.personId === actor.personId)
    .map((row) => ({
      id: row.id,
      at: row.at,
      kind: kindOfAction(row.action),
      event: row.action,
      outcome: row.outcome,
      personId: row.personId,
      subjectId: row.subject || null,
      title: null,
      count: 1,
      source: 4,
      seq: row.seq,
    }))

/** Of lists of numbers: the first difference decides. */
function compare(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((value, place) => value !== right[place])
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0)
}
