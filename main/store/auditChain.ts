import { createHmac, timingSafeEqual } from "node:crypto"
import { newId } from "#core/ids.ts"
import type { AuditEntry, AuditRow, AuditVerdict } from "./types.ts"

/** What a link of the chain covers: everything a row says, and the link before it. */
export type ChainedRow = AuditRow & { chain: string }
/** The last row and its link, under a seal: rows cut off the end leave it pointing at nothing. */
export interface AuditHead {
  seq: number
  chain: string
  seal: string
}

/** A new row, before it is chained. */
export const auditRow = (personId: string, seq: number, at: number, entry: AuditEntry): AuditRow => ({
  seq,
  id: newId(),
  personId,
  at,
  action: entry.action,
  subject: entry.subject,
  outcome: entry.outcome,
  requestId: entry.requestId,
  detail: entry.detail ?? null,
})

export const emptyChain = "0".repeat(64)

/** HMAC-SHA256 over the former link and the row's fields in a fixed order; hex. Without the key nobody can write a row that fits. */
export const link = (key: Buffer, previous: string, row: AuditRow): string =>
  createHmac("sha256", key)
    .update(
      JSON.stringify([
        previous,
        row.seq,
        row.id,
        row.personId,
        row.at,
        row.action,
        row.subject,
        row.outcome,
        row.requestId,
        row.detail,
      ]),
    )
    .digest("hex")

export const sealHead = (key: Buffer, { seq, chain }: { seq: number; chain: string }): string =>
  createHmac("sha256", key)
    .update(JSON.stringify(["head", seq, chain]))
    .digest("hex")

/** Walks the rows in order. Finds edits, missing rows, foreign rows, and rows cut off the end. */
export function verifyChain(key: Buffer, rows: Iterable<ChainedRow>, head: AuditHead | null): AuditVerdict {
  let previous = { seq: 0, chain: emptyChain }
  let entries = 0
  for (const row of rows) {
    if (!isSame(row.chain, link(key, previous.chain, row))) {
      const problem = row.seq === previous.seq + 1 ? "changed" : "missing"
      return { isIntact: false, entries, brokenAt: row.seq, problem }
    }
    previous = { seq: row.seq, chain: row.chain }
    entries++
  }
  if (head === null) {
    return entries === 0
      ? { isIntact: true, entries, brokenAt: null, problem: null }
      : { isIntact: false, entries, brokenAt: previous.seq, problem: "missing" }
  }
  if (!isSame(head.seal, sealHead(key, head)))
    return { isIntact: false, entries, brokenAt: head.seq, problem: "changed" }
  return head.seq === previous.seq && isSame(head.chain, previous.chain)
    ? { isIntact: true, entries, brokenAt: null, problem: null }
    : { isIntact: false, entries, brokenAt: previous.seq + 1, problem: "missing" }
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
