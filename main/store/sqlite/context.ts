import type Database from "better-sqlite3"
import { type Actor, machineActor } from "#core/actor.ts"
import { newId } from "#core/ids.ts"
import { type Domain, notFound } from "../notFound.ts"
import { watchIndexChanges } from "./indexChanges.ts"
import { createVectorIndexes, type VectorIndexes } from "./vectorIndexes.ts"
import { createWordIndex, type WordIndex } from "./wordIndex.ts"

/** The same repository, answering at once: how it looks inside the worker. */
export type Sync<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never
}

/** Values bound by name. */
export type Values = Record<string, unknown>

export interface StoreContext {
  db: Database.Database
  /** Milliseconds since the epoch of the call being answered. */
  now: () => number
  all<Row>(sql: string, values?: Values): Row[]
  get<Row>(sql: string, values?: Values): Row | undefined
  run(sql: string, values?: Values): { changes: number; seq: number }
  transaction<T>(work: () => T): T
  /** The actor as a value for `owned`; makes sure that the person's row exists, so that rows can refer to it. */
  owner(actor: Actor): { owner: string }
  /**
   * The row's integer key. Throws `<domain>.not-found` when there is none or it is somebody else's; with `read`, also what is shared with
   * the actor is there.
   */
  seqOf(actor: Actor, table: OwnedTable, id: string, access?: "change" | "read"): number
  vectors: VectorIndexes
  words: WordIndex
  /** Another value after every change that could change what is found; never the same in two runs. */
  generation(): string
}

type OwnedTable = "conversations" | "messages" | "collections" | "documents" | "folders" | "chunks"
const domains: Record<OwnedTable, Domain> = {
  conversations: "conversation",
  messages: "message",
  collections: "collection",
  documents: "document",
  folders: "folder",
  chunks: "chunk",
}

/**
 * What keeps people apart, in one place. `owned`: the actor's rows, in every statement that changes something, and in those that read what is
 * never shared. Collections and conversations can be shared, and what lies in them with them: what reads those contains `readable`.
 */
export const owned = (alias: string): string => `${alias}.owner_id = @owner`

/** The actor's, or shown to them by name or as one of the household. Nobody without a role is of the household. */
const readable = (alias: string, household: string): string =>
  `(${owned(alias)}
    OR ${alias}.audience = 'people' AND EXISTS (
      SELECT 1 FROM shares s WHERE s.subject_id = ${alias}.id AND s.person_id = @owner)
    OR ${alias}.audience = 'household' AND EXISTS (
      SELECT 1 FROM people p WHERE p.id = @owner AND p.role IN (${household})))`

export const readableCollection = (alias: string): string => readable(alias, "'owner', 'adult', 'child', 'guest'")

/** Conversations of the household are not for guests. Rows of deleted ones are there only for `restore` and `purge`. */
export const readableConversation = (alias: string): string =>
  `${readable(alias, "'owner', 'adult', 'child'")} AND ${alias}.deleted_at IS NULL`

/** The actor's own conversations. */
export const visible = (conversation: string): string => `${owned(conversation)} AND ${conversation}.deleted_at IS NULL`

/** Rows whose vectors the actor may make: their own, and the machine everybody's. */
export const maintained = (alias: string): string => `(${owned(alias)} OR @owner = '${machineActor.personId}')`

/** What may be looked at by id. */
const readableRow: Record<OwnedTable, string> = {
  conversations: readableConversation("t"),
  messages: `EXISTS (SELECT 1 FROM conversations c WHERE c.seq = t.conversation_seq AND ${readableConversation("c")})`,
  collections: readableCollection("t"),
  documents: `EXISTS (SELECT 1 FROM collections c WHERE c.seq = t.collection_seq AND ${readableCollection("c")})`,
  chunks: `EXISTS (SELECT 1 FROM collections c WHERE c.seq = t.collection_seq AND ${readableCollection("c")})`,
  folders: owned("t"),
}
const changeableRow: Record<OwnedTable, string> = {
  conversations: visible("t"),
  messages: `${owned("t")} AND t.conversation_seq IN (SELECT c.seq FROM conversations c WHERE ${visible("c")})`,
  collections: owned("t"),
  documents: owned("t"),
  chunks: owned("t"),
  folders: owned("t"),
}

export function createContext(db: Database.Database, now: () => number): StoreContext {
  const statements = new Map<string, Database.Statement<[Values], unknown>>()
  const people = new Set<string>()
  const prepare = (sql: string) => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = db.prepare<[Values], unknown>(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  const vectors = createVectorIndexes(db)
  const words = createWordIndex(db)
  const opening = newId()
  let changeCount = 0
  watchIndexChanges(db, {
    chunk(seq, isGone) {
      changeCount++
      words.changed(seq)
      if (isGone) vectors.forget(seq)
    },
    document: () => void changeCount++,
  })
  const context: StoreContext = {
    db,
    now,
    // The type of a row is what the statement selects; SQLite has no way to check it.
    all: <Row>(sql: string, values: Values = {}) => prepare(sql).all(values) as Row[],
    get: <Row>(sql: string, values: Values = {}) => prepare(sql).get(values) as Row | undefined,
    run(sql, values = {}) {
      const result = prepare(sql).run(values)
      return { changes: result.changes, seq: Number(result.lastInsertRowid) }
    },
    transaction(work) {
      if (db.inTransaction) return work()
      try {
        const result = db.transaction(work).immediate()
        context.vectors.settle(true)
        return result
      } catch (error) {
        context.vectors.settle(false)
        throw error
      }
    },
    owner(actor) {
      if (!people.has(actor.personId)) {
        context.run("INSERT OR IGNORE INTO people (id, created_at) VALUES (@owner, @now)", {
          owner: actor.personId,
          now: now(),
        })
        // Inside a transaction the row may still be rolled back: then the next call adds it again.
        if (!db.inTransaction) people.add(actor.personId)
      }
      return { owner: actor.personId }
    },
    seqOf(actor, table, id, access = "change") {
      const isVisible = (access === "read" ? readableRow : changeableRow)[table]
      const row = context.get<{ seq: number }>(`SELECT t.seq FROM ${table} t WHERE t.id = @id AND ${isVisible}`, {
        ...context.owner(actor),
        id,
      })
      if (!row) throw notFound(domains[table])
      return row.seq
    },
    vectors,
    words,
    generation: () => `${opening}-${changeCount}-${vectors.changeCount()}`,
  }
  return context
}

/** JSON columns hold what this store wrote itself. */
export const fromJson = <T>(text: string): T => JSON.parse(text) as T
export const fromNullableJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T))
export const toNullableJson = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value)

/** LIKE pattern for "contains", with the wildcards of the text itself taken literally. */
export const containing = (text: string): string => `%${text.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%`
