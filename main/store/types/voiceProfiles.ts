import type { Actor } from "#core/actor.ts"

/** A known voice as it is kept. */
export interface VoiceProfileRecord {
  id: string
  name: string
  /** Vector space of the encoder it was made with. */
  fingerprint: string
  /** The embeddings, encrypted by the core. */
  sealed: string
  consentedAt: number
  createdAt: number
  updatedAt: number
}

/** Names are unique per person, whatever their case: `request.conflict`. What is replaced or deleted leaves no byte behind. */
export interface VoiceProfileRepository {
  create(
    actor: Actor,
    profile: Pick<VoiceProfileRecord, "name" | "fingerprint" | "sealed">,
  ): Promise<VoiceProfileRecord>
  /** By name. */
  list(actor: Actor): Promise<VoiceProfileRecord[]>
  /** Voices that are linked to somebody of the household, whoever had them learned: for telling people apart, never for showing. */
  household(actor: Actor): Promise<(VoiceProfileRecord & { personId: string })[]>
  rename(actor: Actor, id: string, name: string): Promise<VoiceProfileRecord>
  replace(
    actor: Actor,
    id: string,
    changes: Pick<VoiceProfileRecord, "fingerprint" | "sealed">,
  ): Promise<VoiceProfileRecord>
  delete(actor: Actor, id: string): Promise<void>
}
