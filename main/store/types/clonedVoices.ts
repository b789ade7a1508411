import type { VoiceConsent } from "#contract/cloning.ts"
import type { Actor } from "#core/actor.ts"

/** A person's agreement that their voice is cloned. What it says outlives its end; what tells the voice does not. */
export interface VoiceConsentRecord extends VoiceConsent {
  /** Vector space of the encoder that heard the phrase. */
  fingerprint: string | null
  /** What the voice that read the phrase is like, encrypted by the core. Null before it was read and after it was revoked. */
  sealed: string | null
}

export interface ClonedVoiceRecord {
  id: string
  consentId: string
  name: string
  /** Whose voice: the consent's name. */
  person: string
  language: string
  createdAt: number
}

export interface ClonedVoiceContent extends ClonedVoiceRecord {
  /** The sample, encrypted by the core. */
  sealedSample: string
  /** What an engine made of the sample, encrypted; null: not made yet. */
  conditioning: { fingerprint: string; sealed: string } | null
}

/** Names are unique per person, whatever their case: `request.conflict`. What is revoked or erased leaves no byte behind. */
export interface ClonedVoiceRepository {
  ask(
    actor: Actor,
    consent: Pick<VoiceConsentRecord, "id" | "name" | "phrase" | "expiresAt">,
  ): Promise<VoiceConsentRecord>
  consent(actor: Actor, id: string): Promise<VoiceConsentRecord>
  /** Newest first. */
  consents(actor: Actor): Promise<VoiceConsentRecord[]>
  give(actor: Actor, id: string, voice: { fingerprint: string; sealed: string }): Promise<VoiceConsentRecord>
  /** Erases the consent's voices and what tells its own. Returns the erased voices' ids. */
  revoke(actor: Actor, id: string): Promise<string[]>
  create(
    actor: Actor,
    voice: Pick<ClonedVoiceContent, "id" | "consentId" | "name" | "language" | "sealedSample">,
  ): Promise<ClonedVoiceRecord>
  /** By name. */
  list(actor: Actor): Promise<ClonedVoiceRecord[]>
  get(actor: Actor, id: string): Promise<ClonedVoiceContent>
  setConditioning(actor: Actor, id: string, made: { fingerprint: string; sealed: string }): Promise<void>
  /** Erases a voice that could not be made; its consent stays. */
  discard(actor: Actor, id: string): Promise<void>
  /** Erases the voice, and revokes its consent when it was the last one. */
  delete(actor: Actor, id: string): Promise<void>
}
