import { type Actor, isOwnerPerson } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { auditRow, emptyChain, link, sealHead, verifyChain } from "../auditChain.ts"
import { decodeCursor, toPage } from "../cursor.ts"
import { defined, newJob } from "../newRows.ts"
import { notFound } from "../notFound.ts"
import type { AuditRepository, AuditRow, JobRepository, KeyRepository, SettingsRepository } from "../types.ts"
import { copy, forgotten, found, mine, removeWhere, type Tables } from "./tables.ts"

/** Settings, jobs, keys and audit. */
export function createMemoryOffice(tables: Tables): {
  settings: SettingsRepository
  jobs: JobRepository
  keys: KeyRepository
  audit: AuditRepository
} {
  tables.onRemoval.push(
    forgotten(tables.jobs),
    forgotten(tables.keys),
    (personId) => void tables.settings.delete(personId),
  )
  /** The machine's owner looks after everybody's keys. */
  const keysOf = (actor: Actor) => (isOwnerPerson(actor) ? tables.keys : mine(actor, tables.keys))
  return {
    settings: {
      all: async (actor) => copy(Object.fromEntries([...(tables.settings.get(actor.personId) ?? [])].sort())),
      async set(actor, values) {
        const own = tables.settings.get(actor.personId) ?? new Map<string, unknown>()
        tables.settings.set(actor.personId, own)
        for (const [name, value] of Object.entries(values)) {
          if (value === undefined) own.delete(name)
          else own.set(name, copy(value))
        }
      },
    },
    jobs: {
      async create(actor, values) {
        const job = newJob(values, tables.clock.now())
        tables.jobs.push({ ownerId: actor.personId, seq: tables.nextSeq(), job: copy(job) })
        return job
      },
      async get(actor, id) {
        return copy(
          found(
            "job",
            mine(actor, tables.jobs).find(({ job }) => job.id === id),
          ).job,
        )
      },
      async list(actor, sinceMs) {
        return mine(actor, tables.jobs)
          .filter(({ job }) => job.updatedAt >= sinceMs || ["queued", "running", "paused"].includes(job.status))
          .map(({ job }) => copy(job))
      },
      async update(actor, id, changes) {
        const row = found(
          "job",
          mine(actor, tables.jobs).find(({ job }) => job.id === id),
        )
        row.job = { ...row.job, updatedAt: tables.clock.now(), ...copy(defined(changes)), id }
        return copy(row.job)
      },
    },
    keys: {
      async create(actor, { name, scopes, prefix, hash, personId = actor.personId }) {
        if (tables.keys.some((row) => row.hash === hash)) {
          throw new AppError("request.conflict", "A row with this name or id exists already.")
        }
        const createdAt = tables.clock.now()
        const key = { id: newId(), name, scopes, prefix, createdAt, lastUsedAt: null, isFirstRun: false, personId }
        tables.keys.push({ ownerId: personId, seq: tables.nextSeq(), key: copy(key), hash })
        return key
      },
      list: async (actor) => keysOf(actor).map(({ key }) => copy(key)),
      async findByHash(hash) {
        const row = tables.keys.find((candidate) => candidate.hash === hash)
        return row ? copy({ ...row.key, ownerId: row.ownerId }) : null
      },
      async touch(id) {
        const now = tables.clock.now()
        const row = tables.keys.find(({ key }) => key.id === id)
        if (row && (row.key.lastUsedAt ?? 0) <= now - 60_000) row.key.lastUsedAt = now
      },
      async delete(actor, id) {
        const own = new Set(keysOf(actor))
        const removed = removeWhere(tables.keys, (row) => row.key.id === id && own.has(row))
        if (removed === 0) throw notFound("key")
      },
    },
    audit: {
      async record(actor, entry) {
        const previous = tables.audit.at(-1)
        const row = auditRow(actor.personId, tables.audit.length + 1, tables.clock.now(), entry)
        tables.audit.push({ ...row, chain: link(noKey, previous?.chain ?? emptyChain, row) })
      },
      async list(actor, query) {
        const before = decodeCursor(query.cursor, 1)?.[0] ?? Number.POSITIVE_INFINITY
        const rows = tables.audit.filter(
          (row) =>
            (isOwnerPerson(actor) || row.personId === actor.personId) &&
            row.seq < before &&
            (query.action === undefined || row.action === query.action || row.action.startsWith(`${query.action}.`)) &&
            (query.outcome === undefined || row.outcome === query.outcome) &&
            (query.personId === undefined || row.personId === query.personId) &&
            (query.sinceMs === undefined || row.at >= query.sinceMs) &&
            (query.untilMs === undefined || row.at <= query.untilMs),
        )
        return toPage(
          rows.reverse().slice(0, query.limit + 1),
          query.limit,
          (row) => [row.seq],
          ({ chain: _chain, ...row }): AuditRow => row,
        )
      },
      async verify() {
        const last = tables.audit.at(-1)
        return verifyChain(noKey, tables.audit, last ? { ...last, seal: sealHead(noKey, last) } : null)
      },
    },
  }
}

/** Nothing outlives this store, so its log needs no secret. */
const noKey = Buffer.alloc(32)
