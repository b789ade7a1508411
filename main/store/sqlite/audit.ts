import { isOwnerPerson } from "#core/actor.ts"
import { type AuditHead, auditRow, type ChainedRow, emptyChain, link, sealHead, verifyChain } from "../auditChain.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import type { AuditRepository, AuditRow } from "../types.ts"
import { owned, type StoreContext, type Sync } from "./context.ts"

interface Row {
  seq: number
  id: string
  owner_id: string
  at: number
  action: string
  subject: string
  outcome: AuditRow["outcome"]
  request_id: string | null
  detail: string | null
  chain: string
}

/** Append-only, by triggers of the schema; each row is chained to the one before (`auditChain.ts`). */
export function createAudit(context: StoreContext, key: Buffer): Sync<AuditRepository> {
  const { all, get, run, transaction } = context
  const head = (): AuditHead | null => get<AuditHead>("SELECT seq, chain, seal FROM audit_head WHERE one = 1") ?? null
  return {
    record(actor, entry) {
      transaction(() => {
        const { owner } = context.owner(actor)
        const last = head()
        const row = auditRow(owner, (last?.seq ?? 0) + 1, context.now(), entry)
        const chain = link(key, last?.chain ?? emptyChain, row)
        run(
          `INSERT INTO audit (seq, id, owner_id, at, action, subject, outcome, request_id, detail, chain)
           VALUES (@seq, @id, @personId, @at, @action, @subject, @outcome, @requestId, @detail, @chain)`,
          { ...row, chain },
        )
        run(
          `INSERT INTO audit_head (one, seq, chain, seal) VALUES (1, @seq, @chain, @seal)
           ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, chain = excluded.chain, seal = excluded.seal`,
          { seq: row.seq, chain, seal: sealHead(key, { seq: row.seq, chain }) },
        )
      })
    },
    list(actor, query) {
      const before = decodeCursor(query.cursor, 1)?.[0] ?? null
      const scope = isOwnerPerson(actor) ? "1" : owned("a")
      const rows = all<Row>(
        `SELECT a.* FROM audit a
         WHERE ${scope}
           AND (@before IS NULL OR a.seq < @before)
           AND (@action IS NULL OR a.action = @action OR a.action LIKE @action || '.%')
           AND (@outcome IS NULL OR a.outcome = @outcome)
           AND (@person IS NULL OR a.owner_id = @person)
           AND (@since IS NULL OR a.at >= @since)
           AND (@until IS NULL OR a.at <= @until)
         ORDER BY a.seq DESC LIMIT @limit`,
        {
          ...context.owner(actor),
          before,
          action: query.action ?? null,
          outcome: query.outcome ?? null,
          person: query.personId ?? null,
          since: query.sinceMs ?? null,
          until: query.untilMs ?? null,
          limit: query.limit + 1,
        },
      )
      return toPage(
        rows,
        query.limit,
        (row) => [row.seq],
        (row) => fromRow(row),
      )
    },
    verify: () =>
      verifyChain(
        key,
        all<Row>("SELECT * FROM audit ORDER BY seq").map((row): ChainedRow => ({ ...fromRow(row), chain: row.chain })),
        head(),
      ),
  }
}

const fromRow = (row: Row): AuditRow => ({
  seq: row.seq,
  id: row.id,
  personId: row.owner_id,
  at: row.at,
  action: row.action,
  subject: row.subject,
  outcome: row.outcome,
  requestId: row.request_id,
  detail: row.detail,
})
