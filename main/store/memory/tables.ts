import type { Conversation, Message } from "#contract/conversations.ts"
import type { Collection } from "#contract/documents.ts"
import type { Person } from "#contract/people.ts"
import type { ApiKey } from "#contract/settings.ts"
import type { Sharing } from "#contract/sharing.ts"
import { type Actor, guestActor, machineActor, ownerId } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { ChainedRow } from "../auditChain.ts"
import { type Domain, notFound } from "../notFound.ts"
import type { ChunkRecord, DocumentRecord, FolderRecord, JobRecord, TextTime, VoiceProfileRecord } from "../types.ts"

/** A row with its owner and its place in the order of writing. */
export type Owned<T> = T & { ownerId: string; seq: number }

/** Of collections and conversations: who may read them besides their owner. */
type Shareable<T> = Owned<Omit<T, "sharing" | "sharedBy">> & Sharing

export interface Tables {
  clock: Clock
  people: { person: Omit<Person, "hasPin">; pinHash: string | null }[]
  voiceProfiles: Owned<{ profile: VoiceProfileRecord }>[]
  /** What becomes of each table's rows when a person is removed. */
  onRemoval: ((personId: string, things: "keep" | "erase") => void)[]
  conversations: Shareable<Omit<Conversation, "messageCount"> & { deletedAt: number | null }>[]
  messages: Owned<{ message: Message }>[]
  collections: Shareable<Omit<Collection, "documentCount" | "chunkCount"> & { sourcePath: string | null }>[]
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
    people: [
      {
        person: {
          id: ownerId,
          name: "Owner",
          role: "owner",
          colour: 0,
          speakerId: null,
          personaId: null,
          voice: null,
          language: null,
          followsVoices: true,
          createdAt: clock.now(),
        },
        pinHash: null,
      },
    ],
    voiceProfiles: [],
    onRemoval: [],
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

/** The actor's rows, and for the machine everybody's. */
export const maintained = <T extends { ownerId: string }>(actor: Actor, rows: readonly T[]): T[] =>
  actor.personId === machineActor.personId ? [...rows] : mine(actor, rows)

/** The actor's own, and what is shown to them by name or as one of the household; conversations are never for guests. */
export function readable<T extends { ownerId: string } & Sharing>(
  tables: Tables,
  actor: Actor,
  rows: readonly T[],
  isForGuests: boolean,
): T[] {
  const { personId } = actor
  const role =
    personId === guestActor.personId ? "guest" : tables.people.find(({ person }) => person.id === personId)?.person.role
  const isHousehold = role !== undefined && (isForGuests || role !== "guest")
  return rows.filter(
    (row) =>
      row.ownerId === personId ||
      (row.audience === "people" && row.personIds.includes(personId)) ||
      (row.audience === "household" && isHousehold),
  )
}

/** How a row is shared, as this reader is told. */
export const sharedFor = (tables: Tables, actor: Actor, row: { ownerId: string } & Sharing) => {
  if (row.ownerId === actor.personId)
    return { sharing: { audience: row.audience, personIds: [...row.personIds].sort() }, sharedBy: null }
  const name = tables.people.find(({ person }) => person.id === row.ownerId)?.person.name ?? "Somebody"
  return { sharedBy: { id: row.ownerId, name } }
}

/** Replaces whom a row is shown to. */
export function changeSharing(tables: Tables, row: Sharing, { audience, personIds }: Sharing): void {
  const people = audience === "people" ? [...new Set(personIds)] : []
  for (const id of people)
    found(
      "person",
      tables.people.find(({ person }) => person.id === id),
    )
  Object.assign(row, { audience, personIds: people })
}

/** When a person goes, these rows become the owner's, or go too. */
export const given =
  (rows: { ownerId: string }[]): Tables["onRemoval"][number] =>
  (personId, things) => {
    if (things === "erase") removeWhere(rows, (row) => row.ownerId === personId)
    else for (const row of rows) if (row.ownerId === personId) row.ownerId = ownerId
  }

/** When a person goes, these rows go. */
export const forgotten =
  (rows: { ownerId: string }[]): Tables["onRemoval"][number] =>
  (personId) =>
    void removeWhere(rows, (row) => row.ownerId === personId)

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
