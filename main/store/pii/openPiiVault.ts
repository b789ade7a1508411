import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import Database from "better-sqlite3"
import type { PiiIdentifier, PiiSubject } from "#contract/pii.ts"
import type { Actor } from "#core/actor.ts"
import { type Clock, systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { PiiRepository } from "../types.ts"

export interface PiiVaultOptions {
  /** The database file; `:memory:` keeps nothing. */
  file: string
  /** 32 bytes; a secret of this data directory. */
  key: Buffer
  clock?: Clock
}

interface SubjectRow {
  id: string
  sealed: Buffer
  created_at: number
}
interface IdentifierRow {
  id: string
  sealed: Buffer
}

const tables = `
CREATE TABLE IF NOT EXISTS pii_subjects (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS pii_identifiers (
  id TEXT PRIMARY KEY,
  subject_id TEXT NOT NULL REFERENCES pii_subjects (id) ON DELETE CASCADE,
  sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS pii_identifiers_of_subject ON pii_identifiers (subject_id);
`

/**
 * A database of its own, apart from documents and chats: every label, kind and value in it is sealed with AES-256-GCM under a key that lies
 * elsewhere. A few hundred short rows, so it is read whole and on this thread. What is deleted is overwritten.
 */
export function openPiiVault({ file, key, clock = systemClock }: PiiVaultOptions): PiiRepository & { close(): void } {
  const db = new Database(file, { timeout: 5000 })
  // A journal on disk, so that a power cut in the middle of a change is undone; it holds sealed pages and goes with the change.
  db.pragma("journal_mode = DELETE")
  db.pragma("secure_delete = ON")
  db.pragma("synchronous = FULL")
  db.pragma("foreign_keys = ON")
  db.exec(tables)

  const identifiersOf = (subjectId: string): PiiSubject["identifiers"] =>
    db
      .prepare<[string], IdentifierRow>("SELECT id, sealed FROM pii_identifiers WHERE subject_id = ? ORDER BY id")
      .all(subjectId)
      .map((row) => ({ ...(unseal(key, row.id, row.sealed) as PiiIdentifier), id: row.id }))
  const toSubject = (row: SubjectRow): PiiSubject => ({
    id: row.id,
    label: (unseal(key, row.id, row.sealed) as { label: string }).label,
    identifiers: identifiersOf(row.id),
    createdAt: row.created_at,
  })
  const find = (actor: Actor, id: string): PiiSubject => {
    const row = db
      .prepare<[string, string], SubjectRow>("SELECT * FROM pii_subjects WHERE id = ? AND owner_id = ?")
      .get(id, actor.personId)
    if (!row)
      throw new AppError("pii.not-found", "There is nobody like that in the vault.", {
        remedy: "Look at the list again.",
      })
    return toSubject(row)
  }

  return {
    async add(actor, { label, identifiers }) {
      const id = newId()
      db.transaction(() => {
        db.prepare("INSERT INTO pii_subjects VALUES (?, ?, ?, ?)").run(
          id,
          actor.personId,
          seal(key, id, { label }),
          clock.now(),
        )
        for (const { kind, value } of identifiers) {
          const identifierId = newId()
          db.prepare("INSERT INTO pii_identifiers VALUES (?, ?, ?)").run(
            identifierId,
            id,
            seal(key, identifierId, { kind, value }),
          )
        }
      })()
      return find(actor, id)
    },
    list: async (actor) =>
      db
        .prepare<[string], SubjectRow>("SELECT * FROM pii_subjects WHERE owner_id = ? ORDER BY created_at, id")
        .all(actor.personId)
        .map(toSubject),
    get: async (actor, id) => find(actor, id),
    async delete(actor, id) {
      db.prepare("DELETE FROM pii_subjects WHERE id = ?").run(find(actor, id).id)
    },
    clear: async (actor) => db.prepare("DELETE FROM pii_subjects WHERE owner_id = ?").run(actor.personId).changes,
    close: () => void db.close(),
  }
}

const nonceBytes = 12
const tagBytes = 16

/** The row's id is authenticated with it, so that rows cannot change places. */
function seal(key: Buffer, id: string, value: object): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(id))
  const data = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), data])
}

function unseal(key: Buffer, id: string, sealed: Buffer): unknown {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes))
      .setAAD(Buffer.from(id))
      .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
    const data = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()])
    return JSON.parse(data.toString("utf8"))
  } catch (cause) {
    throw new AppError("secrets.damaged", "The vault of personal data cannot be opened with this installation's key.", {
      remedy: "Restore the secrets it was made with, or delete pii.db to begin anew.",
      cause,
    })
  }
}
