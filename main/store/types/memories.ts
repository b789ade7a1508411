import type { Memory } from "#contract/memory.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

export interface MemoryRepository {
  /** The same words again, whatever their case and spaces, give back the row there is with `isNew: false`. */
  create(
    actor: Actor,
    memory: {
      text: string
      weight: number
      kind: Memory["source"]["kind"]
      conversationId: string | null
      messageId: string | null
    },
  ): Promise<{ memory: Memory; isNew: boolean }>
  get(actor: Actor, id: string): Promise<Memory>
  /** Newest first. */
  list(actor: Actor, query: { q?: string; cursor?: string; limit: number }): Promise<Page<Memory> & { total: number }>
  /** A changed text loses its vectors. Throws `request.conflict` when another memory says the same. */
  update(actor: Actor, id: string, changes: { text?: string; weight?: number }): Promise<Memory>
  /** Erases: after this no byte of the text, of its words or of its vectors is left in the database and its log. */
  delete(actor: Actor, id: string): Promise<void>
  /** The same for all of the actor's. Returns how many there were. */
  clear(actor: Actor): Promise<number>
  /** Memories with any of the terms, those with most of them first. Weight 0 never takes part. */
  searchLexical(actor: Actor, query: { terms: string[]; limit: number }): Promise<Memory[]>
  /** Cosine with each memory that has a vector of this fingerprint, or with these alone, best first. Weight 0 never takes part. */
  searchVector(
    actor: Actor,
    query: { vector: Float32Array; fingerprint: string; limit: number; ids?: string[] },
  ): Promise<{ memory: Memory; similarity: number }[]>
  missingVectors(actor: Actor, fingerprint: string, limit: number): Promise<Memory[]>
  /** Replaces the memory's vectors. Of an id that is gone, or whose text has changed, nothing is kept. */
  setVector(
    actor: Actor,
    memory: { id: string; text: string },
    fingerprint: string,
    vector: Float32Array,
  ): Promise<void>
}
