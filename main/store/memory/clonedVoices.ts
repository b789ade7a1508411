import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { ClonedVoiceContent, ClonedVoiceRecord, ClonedVoiceRepository, VoiceConsentRecord } from "../types.ts"
import { copy, forgotten, found, mine, type Owned, removeWhere, type Tables } from "./tables.ts"

export function createMemoryClonedVoices(tables: Tables): ClonedVoiceRepository {
  const consents: Owned<{ consent: VoiceConsentRecord }>[] = []
  const voices: Owned<{ voice: ClonedVoiceContent }>[] = []
  tables.onRemoval.push(forgotten(voices), forgotten(consents))

  const consentOf = (actor: Actor, id: string): VoiceConsentRecord =>
    found(
      "consent",
      mine(actor, consents).find(({ consent }) => consent.id === id),
    ).consent
  const voiceOf = (actor: Actor, id: string): ClonedVoiceContent =>
    found(
      "cloned voice",
      mine(actor, voices).find(({ voice }) => voice.id === id),
    ).voice
  const end = (consent: VoiceConsentRecord): void => {
    Object.assign(consent, { sealed: null, fingerprint: null, state: "revoked" })
    consent.revokedAt ??= tables.clock.now()
  }
  const summary = ({ sealedSample: _sample, conditioning: _conditioning, ...voice }: ClonedVoiceContent) => copy(voice)

  return {
    async ask(actor, { id, name, phrase, expiresAt }) {
      const askedAt = tables.clock.now()
      const consent: VoiceConsentRecord = {
        ...{ id, name, phrase, state: "asked", askedAt, expiresAt },
        ...{ givenAt: null, revokedAt: null, fingerprint: null, sealed: null },
      }
      consents.push({ ownerId: actor.personId, seq: tables.nextSeq(), consent })
      return copy(consent)
    },
    consent: async (actor, id) => copy(consentOf(actor, id)),
    consents: async (actor) =>
      mine(actor, consents)
        .map(({ consent }) => copy(consent))
        .reverse(),
    async give(actor, id, { fingerprint, sealed }) {
      const consent = consentOf(actor, id)
      if (consent.revokedAt === null)
        Object.assign(consent, { state: "given", givenAt: tables.clock.now(), fingerprint, sealed })
      return copy(consent)
    },
    async revoke(actor, id) {
      end(consentOf(actor, id))
      const gone = voices.filter(({ voice }) => voice.consentId === id).map(({ voice }) => voice.id)
      removeWhere(voices, ({ voice }) => voice.consentId === id)
      return gone
    },
    async create(actor, { id, consentId, name, language, sealedSample }) {
      const { name: person } = consentOf(actor, consentId)
      if (mine(actor, voices).some(({ voice }) => voice.name.toLowerCase() === name.toLowerCase()))
        throw new AppError("request.conflict", `There is a cloned voice called ${name} already.`)
      const createdAt = tables.clock.now()
      const voice = { id, consentId, name, person, language, createdAt, sealedSample, conditioning: null }
      voices.push({ ownerId: actor.personId, seq: tables.nextSeq(), voice })
      return summary(voice)
    },
    list: async (actor): Promise<ClonedVoiceRecord[]> =>
      mine(actor, voices)
        .map(({ voice }) => summary(voice))
        .sort((a, b) => a.name.toLowerCase().localeCompare(b.name.toLowerCase())),
    get: async (actor, id) => copy(voiceOf(actor, id)),
    async setConditioning(actor, id, made) {
      voiceOf(actor, id).conditioning = { ...made }
    },
    async discard(actor, id) {
      voiceOf(actor, id)
      removeWhere(voices, ({ voice }) => voice.id === id)
    },
    async delete(actor, id) {
      const { consentId } = voiceOf(actor, id)
      removeWhere(voices, ({ voice }) => voice.id === id)
      if (!voices.some(({ voice }) => voice.consentId === consentId)) end(consentOf(actor, consentId))
    },
  }
}
