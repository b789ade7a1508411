import type { Conversation, Message } from "#contract/conversations.ts"
import type { Collection } from "#contract/documents.ts"
import type { ApiKey } from "#contract/settings.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { ChainedRow } from "../auditChain.ts"
import { type Domain, notFound } from "../notFound.ts"
import type { ChunkRecord, DocumentRecord, FolderRecord, JobRecord, TextTime } from "../types.ts"

/** A row with its owner and its place in the order of writing. */
export type Owned<T> = T & { ownerId: string; seq: number }

export interface Tables {
  clock: Clock
  conversations: Owned<Omit<Conversation, "messageCount"> & { deletedAt: number | null }>[]
  messages: Owned<{ message: Message }>[]
  collections: Owned<Omit<Collection, "documentCount" | "chunkCount"> & { sourcePath: string | null }>[]
  documents: Owned<{
    document: Omit<DocumentRecord, "hasVectors">
    text: string
    pages: { page: number; start: number }[]
    times: TextTime[]
    /** Chunks of a file whose bytes changed: out of search, their ids kept. */
    withdrawn: { id: string; key: string }[]
  }>[]
  folders: Owned<{ folder: FolderRecord }>[]
  chunks: Owned<{ chunk: Omit<ChunkRecord, "documentTitle" | "documentPath">; title: string }>[]
  indexes: { fingerprint: string; isActive: boolean; dimensions: number | null; vectors: Map<number, Float32Array> }[]
  settings: Map<string, Map<string, unknown>>
  jobs: Owned<{ job: JobRecord }>[]
  keys: Owned<{ key: ApiKey; hash: string }>[]
  audit: ChainedRow[]
  nextSeq(): number
}

export function createTables(clock: Clock): Tables {
  let seq = 0
  return {
    clock,
    conversations: [],
    messages: [],
    collections: [],
    documents: [],
    folders: [],
    chunks: [],
    indexes: [],
    settings: new Map(),
    jobs: [],
    keys: [],
    audit: [],
    nextSeq: () => ++seq,
  }
}

/** The actor's rows: the one place that keeps people apart here. */
export const mine = <T extends { ownerId: string }>(actor: Actor, rows: readonly T[]): T[] =>
  rows.filter((row) => row.ownerId === actor.personId)

/** The row, or `<domain>.not-found`. */
export function found<T>(domain: Domain, row: T | undefined): T {
  if (row === undefined) throw notFound(domain)
  return row
}

/** Takes out the rows that match, in place. */
export function removeWhere<T>(rows: T[], matches: (row: T) => boolean): number {
  const kept = rows.filter((row) => !matches(row))
  const removed = rows.length - kept.length
  rows.splice(0, rows.length, ...kept)
  return removed
}

/** Rows leave as copies, as they do from a database. */
export const copy = <T>(value: T): T => structuredClone(value)
