import type { ClonedVoice, CloningStatus, SampleVerdict, VoiceConsent } from "#contract/cloning.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { SpeakerEncoder, SpeechToText, TextToSpeech, Vad, VoiceCloner } from "#engines/types.ts"
import type { ClonedVoiceContent } from "#store/types.ts"
import { clonedVoiceIds, createClonedSpeech, oneOffVoice } from "./clonedSpeech.ts"
import { openConditioning, openSample, sealConditioning, sealSample } from "./sealedVoice.ts"
import { createVoiceConsents, type ListeningModels, type VoiceConsentsDeps } from "./voiceConsents.ts"
import { hearSample, type VoiceSample } from "./voiceSample.ts"

export interface CloningDeps extends Omit<VoiceConsentsDeps, "models"> {
  encoder(): Promise<SpeakerEncoder | null>
  vad(): Promise<Vad | null>
  speechToText(): Promise<SpeechToText | null>
  /** Null: no model is imported and no server named. */
  cloner(): Promise<VoiceCloner | null>
  /** When the licence of the cloning model was accepted; null: it was not. */
  licenceAcceptedAt(): Promise<number | null>
}

export interface NewClonedVoice {
  name: string
  consentId: string
  language: string
  sample: VoiceSample
}

/** Cloned voices: only of people who agreed aloud, sealed at rest, gone when they change their mind. */
export interface Cloning {
  status(): Promise<Pick<CloningStatus, "engine" | "missing">>
  check(sample: VoiceSample, signal: AbortSignal): Promise<SampleVerdict>
  ask(actor: Actor, name: string): Promise<VoiceConsent>
  give(actor: Actor, id: string, recording: Float32Array, signal: AbortSignal): Promise<VoiceConsent>
  consents(actor: Actor): Promise<VoiceConsent[]>
  /** Silences and erases the consent's voices. Returns how many. */
  revoke(actor: Actor, id: string): Promise<number>
  list(actor: Actor): Promise<ClonedVoice[]>
  /** Keeps a voice. It is conditioned at once where an engine is at hand, else when it first speaks. */
  create(actor: Actor, voice: NewClonedVoice, signal: AbortSignal): Promise<ClonedVoice>
  erase(actor: Actor, id: string): Promise<void>
  /** A voice that speaks now and is not kept. */
  once(
    actor: Actor,
    voice: Omit<NewClonedVoice, "name">,
    signal: AbortSignal,
  ): Promise<{ tts: TextToSpeech; person: string }>
  /** What speaks in a kept voice. Throws `tts.unknown-voice`, `cloning.licence`, `model.missing`. */
  voice(actor: Actor, voiceId: string): Promise<TextToSpeech>
  /** The voice of a person or of this name. Null: none. */
  find(actor: Actor, name: string): Promise<ClonedVoice | null>
}

export function createCloning(deps: CloningDeps): Cloning {
  const { records, sealing, licenceAcceptedAt } = deps
  const models = async (): Promise<ListeningModels> => {
    const [encoder, vad, speechToText] = await Promise.all([deps.encoder(), deps.vad(), deps.speechToText()])
    if (encoder && vad && speechToText) return { encoder, vad, speechToText }
    throw new AppError("model.missing", "Making sure whose voice it is needs models that are not installed.", {
      remedy: "Run `zenglow models pull campplus-zh-en silero-vad-v6 moonshine-tiny-en`, or open Models.",
    })
  }
  const consents = createVoiceConsents({ ...deps, models })
  const speech = createClonedSpeech()

  const requireLicence = async (): Promise<void> => {
    if ((await licenceAcceptedAt()) !== null) return
    throw new AppError("cloning.licence", "The licence of the cloning model was not accepted yet.", {
      remedy: "Read and accept it in Settings, Voices: it allows no commercial use.",
    })
  }
  const requireCloner = async (): Promise<VoiceCloner> => {
    const cloner = await deps.cloner()
    if (cloner) return cloner
    throw new AppError("model.missing", "Nothing that clones voices is installed.", {
      remedy: "Import an exported XTTS model (`zenglow models import FOLDER`), or name an XTTS server in Settings.",
    })
  }
  const requireLanguage = (cloner: VoiceCloner, language: string): void => {
    if (cloner.languages.includes(language)) return
    throw new AppError("cloning.language", `${cloner.name} does not speak ${language}.`, {
      remedy: `It speaks ${cloner.languages.join(", ")}.`,
    })
  }

  /** Made once per voice and engine, then kept. */
  const conditioningOf = async (
    actor: Actor,
    voice: ClonedVoiceContent,
    cloner: VoiceCloner,
    signal: AbortSignal,
  ): Promise<Uint8Array> => {
    if (voice.conditioning?.fingerprint === cloner.fingerprint)
      return await openConditioning(sealing, voice.id, voice.conditioning.sealed)
    const { chunk } = await openSample(sealing, voice.id, voice.sealedSample)
    const bytes = await cloner.condition({ ...chunk, name: voice.name }, signal)
    const sealed = await sealConditioning(sealing, voice.id, bytes)
    await records.setConditioning(actor, voice.id, { fingerprint: cloner.fingerprint, sealed })
    return bytes
  }

  return {
    async status() {
      const [cloner, encoder, vad, stt] = await Promise.all([
        deps.cloner(),
        deps.encoder(),
        deps.vad(),
        deps.speechToText(),
      ])
      const missing = [...(encoder ? [] : ["speaker" as const]), ...(vad ? [] : ["vad" as const])]
      return {
        engine: cloner && {
          id: cloner.modelId,
          kind: cloner.kind,
          name: cloner.name,
          languages: [...cloner.languages],
        },
        missing: [...missing, ...(stt ? [] : ["stt" as const])],
      }
    },
    check: async (sample, signal) => (await hearSample(sample, await models(), signal)).verdict,
    async ask(actor, name) {
      await requireLicence()
      return await consents.ask(actor, name)
    },
    async give(actor, id, recording, signal) {
      await requireLicence()
      return await consents.give(actor, id, recording, signal)
    },
    consents: consents.list,
    async revoke(actor, id) {
      const silenced = (await records.list(actor)).filter(({ consentId }) => consentId === id)
      const erased = await records.revoke(actor, id)
      speech.silence([id, ...silenced.map((voice) => voice.id), ...erased])
      return erased.length
    },
    list: (actor) => records.list(actor),
    async create(actor, { name, consentId, language, sample }, signal) {
      await requireLicence()
      const { encoder, vad } = await models()
      const heard = await hearSample(sample, { encoder, vad }, signal)
      await consents.require(actor, consentId, heard.embedding)
      const cloner = await deps.cloner()
      if (cloner) requireLanguage(cloner, language)
      const id = clonedVoiceIds.make()
      const sealedSample = await sealSample(sealing, id, { chunk: heard.sample, embedding: heard.embedding })
      const voice = await records.create(actor, { id, consentId, name, language, sealedSample })
      try {
        if (cloner) await conditioningOf(actor, await records.get(actor, id), cloner, signal)
      } catch (error) {
        // A voice that cannot be made is not kept; the consent stays for another try.
        await records.discard(actor, id)
        throw error
      }
      return voice
    },
    async erase(actor, id) {
      await records.delete(actor, id)
      speech.silence([id])
    },
    async once(actor, { consentId, language, sample }, signal) {
      await requireLicence()
      const cloner = await requireCloner()
      requireLanguage(cloner, language)
      const heard = await hearSample(sample, await models(), signal)
      const { name } = await consents.require(actor, consentId, heard.embedding)
      const conditioning = await cloner.condition({ ...heard.sample, name }, signal)
      const voice = { id: oneOffVoice(), silencedBy: consentId, name, language }
      return { tts: speech.speaker(cloner, voice, async () => conditioning), person: name }
    },
    async voice(actor, voiceId) {
      await requireLicence()
      const voice = (await records.list(actor)).find(({ id }) => id === voiceId)
      if (!voice) throw unknownVoice()
      const cloner = await requireCloner()
      requireLanguage(cloner, voice.language)
      return speech.speaker(cloner, { ...voice, silencedBy: voice.consentId }, async (signal) =>
        conditioningOf(actor, await records.get(actor, voiceId), cloner, signal),
      )
    },
    async find(actor, name) {
      const all = await records.list(actor)
      const wanted = name.toLowerCase()
      return (
        all.find((voice) => voice.id === name) ??
        all.find((voice) => voice.person.toLowerCase() === wanted) ??
        all.find((voice) => voice.name.toLowerCase() === wanted) ??
        null
      )
    },
  }
}

const unknownVoice = (): AppError =>
  new AppError("tts.unknown-voice", "There is no such cloned voice.", {
    remedy: "`GET /audio/cloned_voices` lists those there are.",
  })
