import type { TimelineEvent } from "#contract/timeline.ts"
import { isOwnerPerson } from "#core/actor.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { kindOfJob, kindOfSubject, togetherMs } from "../timelineKinds.ts"
import type { TimelineRepository } from "../types.ts"
import { owned, type StoreContext, type Sync, visible } from "./context.ts"

type Row = TimelineEvent & { source: number; seq: number }

/** `CASE` that turns a column's value into a kind. */
const kindOf = (column: string, kinds: Readonly<Record<string, string>>, otherwise: string): string =>
  `CASE ${column} ${Object.entries(kinds)
    .map(([value, kind]) => `WHEN '${value}' THEN '${kind}'`)
    .join(" ")} ELSE ${otherwise} END`

/** Each source gives at most a page of its newest rows; the page is the newest of these. */
const sources = (auditScope: string): readonly string[] => [
  `SELECT max(d.id) AS id, max(d.created_at) AS at, 'document' AS kind, 'document.added' AS event,
     'ok' AS outcome, d.owner_id AS personId, max(d.id) AS subjectId, min(d.title) AS title, count(*) AS count,
     1 AS source, max(d.seq) AS seq
   FROM documents d WHERE ${owned("d")}
   GROUP BY d.owner_id, d.collection_seq, d.created_at / ${togetherMs}`,
  `SELECT m.id, m.created_at AS at, 'turn' AS kind, iif(m.kind = 'voice', 'turn.spoken', 'turn.answered') AS event,
     iif(m.end_reason = 'error', 'failed', 'ok') AS outcome, m.owner_id AS personId, c.id AS subjectId, c.title,
     1 AS count, 2 AS source, m.seq
   FROM messages m JOIN conversations c ON c.seq = m.conversation_seq
   WHERE m.role = 'assistant' AND m.created_at <= @at AND ${owned("m")} AND ${visible("c")}`,
  `SELECT j.id, j.updated_at AS at, ${kindOf("j.kind", kindOfJob, "NULL")} AS kind, j.kind AS event,
     CASE j.status WHEN 'done' THEN 'ok' WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'failed' ELSE 'running' END AS outcome,
     j.owner_id AS personId, j.subject_id AS subjectId, j.title, 1 AS count, 3 AS source, j.seq
   FROM jobs j WHERE ${owned("j")}`,
  `SELECT a.id, a.at, ${kindOf("substr(a.action, 1, instr(a.action || '.', '.') - 1)", kindOfSubject, "'system'")} AS kind,
     a.action AS event, a.outcome, a.owner_id AS personId, nullif(a.subject, '') AS subjectId, NULL AS title, 1 AS count,
     4 AS source, a.seq
   FROM audit a WHERE ${auditScope}`,
]

const page = (source: string): string =>
  `SELECT * FROM (SELECT * FROM (${source}) t
     WHERE t.kind IS NOT NULL AND (t.at, t.source, t.seq) < (@at, @source, @seq)
       AND (@kind IS NULL OR t.kind = @kind)
       AND (@person IS NULL OR t.personId = @person)
       AND (@since IS NULL OR t.at >= @since)
     ORDER BY t.at DESC, t.source DESC, t.seq DESC LIMIT @limit)`

const statement = (auditScope: string): string =>
  `${sources(auditScope).map(page).join(" UNION ALL ")} ORDER BY at DESC, source DESC, seq DESC LIMIT @limit`
const ofOwner = statement("1")
const ofOthers = statement(owned("a"))

/** Later than any time there is. */
const endOfTime = 8_640_000_000_000_000

export function createTimeline(context: StoreContext): Sync<TimelineRepository> {
  return {
    list(actor, query) {
      const [at, source, seq] = decodeCursor(query.cursor, 3) ?? [(query.untilMs ?? endOfTime) + 1, 0, 0]
      const rows = context.all<Row>(isOwnerPerson(actor) ? ofOwner : ofOthers, {
        ...context.owner(actor),
        at,
        source,
        seq,
        kind: query.kind ?? null,
        person: query.personId ?? null,
        since: query.sinceMs ?? null,
        limit: query.limit + 1,
      })
      return toPage(
        rows,
        query.limit,
        (row) => [row.at, row.source, row.seq],
        ({ source: _source, seq: _seq, ...event }) => event,
      )
    },
  }
}
