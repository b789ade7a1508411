import type { VoiceConsent } from "#contract/cloning.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { SpeakerEncoder, SpeechToText, Vad } from "#engines/types.ts"
import type { ClonedVoiceRepository, VoiceConsentRecord } from "#store/types.ts"
import { cosineToCentre, hearVoice } from "../hearVoice.ts"
import { consentPhrase, isPhraseRead } from "./consentPhrase.ts"
import { openEmbedding, type Sealing, sealEmbedding } from "./sealedVoice.ts"

/** What hears a consent. */
export interface ListeningModels {
  encoder: SpeakerEncoder
  vad: Vad
  speechToText: SpeechToText
}

export interface VoiceConsentsDeps {
  records: ClonedVoiceRepository
  sealing: Sealing
  /** Throws `model.missing`. */
  models(): Promise<ListeningModels>
  clock: Clock
  /** Default: a random one. */
  phrase?: () => string
}

/** Consent to clone a voice, given aloud: by a phrase that nobody could have recorded before, in the voice that is to be cloned. */
export interface VoiceConsents {
  ask(actor: Actor, name: string): Promise<VoiceConsent>
  /** 16 kHz mono. Throws `cloning.wrong-phrase`, `cloning.no-consent` when it is too late, `speaker.*`. */
  give(actor: Actor, id: string, recording: Float32Array, signal: AbortSignal): Promise<VoiceConsent>
  list(actor: Actor): Promise<VoiceConsent[]>
  /** That this consent is given and that the sample is of the person who gave it. Throws `cloning.no-consent`, `cloning.wrong-speaker`. */
  require(actor: Actor, id: string, embedding: Float32Array): Promise<VoiceConsentRecord>
}

const phraseMs = 10 * 60_000
/** Cosine of two recordings of one person; strangers lie below (see `speakers.ts`). */
const leastSimilarity = 0.5

export function createVoiceConsents({
  records,
  sealing,
  models,
  clock,
  phrase = consentPhrase,
}: VoiceConsentsDeps): VoiceConsents {
  return {
    ask: async (actor, name) =>
      shown(await records.ask(actor, { id: newId(), name, phrase: phrase(), expiresAt: clock.now() + phraseMs })),
    async give(actor, id, recording, signal) {
      const consent = await records.consent(actor, id)
      if (consent.state !== "asked" || clock.now() > consent.expiresAt)
        throw new AppError("cloning.no-consent", "This phrase can no longer be read: it was used, or it is too old.", {
          remedy: "Ask for a new one.",
        })
      const { encoder, vad, speechToText } = await models()
      const { text } = await speechToText.transcribe(recording, { language: "en" }, signal)
      if (!isPhraseRead(consent.phrase, text))
        throw new AppError("cloning.wrong-phrase", "That was not the phrase.", {
          remedy: "Read the two sentences as they stand, in a quiet room.",
          details: { heard: text.slice(0, 300) },
        })
      const { embedding } = await hearVoice(recording, { encoder, vad }, signal)
      const sealed = await sealEmbedding(sealing, id, embedding)
      return shown(await records.give(actor, id, { fingerprint: encoder.fingerprint, sealed }))
    },
    list: async (actor) => (await records.consents(actor)).map(shown),
    async require(actor, id, embedding) {
      const consent = await records.consent(actor, id)
      if (consent.state !== "given" || consent.sealed === null)
        throw new AppError("cloning.no-consent", "There is no consent for this voice.", {
          remedy: "The person reads the phrase aloud first.",
        })
      if (consent.fingerprint !== (await models()).encoder.fingerprint)
        throw new AppError("cloning.no-consent", "This consent was heard by another model.", {
          remedy: "Take it back and ask for a new one.",
        })
      const similarity = cosineToCentre(embedding, [[...(await openEmbedding(sealing, id, consent.sealed))]])
      if (similarity < leastSimilarity)
        throw new AppError("cloning.wrong-speaker", `The sample is not the voice in which ${consent.name} agreed.`, {
          remedy: "Only a person's own voice can be cloned: record the sample and the phrase by the same person.",
          details: { similarity: Number(similarity.toFixed(3)), threshold: leastSimilarity },
        })
      return consent
    },
  }
}

/** Without what tells the voice. */
function shown({ sealed: _sealed, fingerprint: _fingerprint, ...consent }: VoiceConsentRecord): VoiceConsent {
  return consent
}
