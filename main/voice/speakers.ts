import type { Identification, RecordingQuality, SpeakerProfile } from "#contract/speakers.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { SpeakerEncoder, Vad } from "#engines/types.ts"
import type { VoiceProfileRecord, VoiceProfileRepository } from "#store/types.ts"
import { cosineToCentre, hearVoice, refuseTwoVoices, speechOf } from "./hearVoice.ts"

export interface SpeakersDeps {
  profiles: VoiceProfileRepository
  encoder(): Promise<SpeakerEncoder | null>
  vad(): Promise<Vad | null>
  /** Encrypts a profile; `open` throws when the bytes were changed, and an AppError when there is no key. */
  seal(plain: string): Promise<string>
  open(sealed: string): Promise<string>
}

export interface Enrollment {
  profileId: string
  samples: number
  netSpeechSeconds: number
  dimensions: number
  quality: RecordingQuality
  isStrong: boolean
}

/** Voices that are known, and whose voice a recording is. Recordings are never kept: only what the encoder makes of them, encrypted. */
export interface Speakers {
  /** Learns a voice, or more of it. Throws `speaker.no-consent|too-short|poor-quality|outdated`. 16 kHz mono. */
  enroll(
    actor: Actor,
    request: { name: string; recordings: readonly Float32Array[]; hasConsent: boolean },
    signal: AbortSignal,
  ): Promise<Enrollment>
  /** Throws `speaker.too-short` without enough speech; an unknown voice is a result. */
  identify(actor: Actor, samples: Float32Array, signal: AbortSignal): Promise<Identification>
  /** Whose voice a turn is: of the actor's known voices and those linked to people of the household. Null: no voices are known, the model is not here, or there is too little speech to tell. */
  recognize(actor: Actor, samples: Float32Array, signal: AbortSignal): Promise<Identification | null>
  list(actor: Actor): Promise<SpeakerProfile[]>
  rename(actor: Actor, id: string, name: string): Promise<SpeakerProfile>
  forget(actor: Actor, id: string): Promise<void>
}

/** What a sealed profile holds: one unit vector for each recording. */
interface Voice {
  vectors: number[][]
  netSpeechSeconds: number
}

const shortestEnrollmentMs = 4000
const strongSeconds = 15
const mostVectors = 20
const shortestQueryMs = 800

/**
 * Least cosine to a profile that counts. From 3 s on, strangers reached .44 on clean clips and .48 at 5 dB, known voices lay
 * above .52; shorter clips scatter more, so they must come closer to one profile than to all others (`leastMargin`) instead.
 */
const thresholdFor = (speechMs: number): number => (speechMs >= 2500 ? 0.5 : 0.45)
const leastMargin = 0.06

export function createSpeakers(deps: SpeakersDeps): Speakers {
  const models = async (): Promise<{ encoder: SpeakerEncoder; vad: Vad }> => {
    const [encoder, vad] = await Promise.all([deps.encoder(), deps.vad()])
    if (encoder && vad) return { encoder, vad }
    throw new AppError("model.missing", "Telling voices apart needs a model that is not installed.", {
      remedy: "Run `zenglow models pull campplus-zh-en silero-vad-v6`, or open Models.",
    })
  }
  /** Null: what was kept of the voice was changed, so it is nobody's any more. Other voices are known as before. */
  const open = async (profile: VoiceProfileRecord): Promise<Voice | null> => {
    try {
      return JSON.parse(await deps.open(profile.sealed)) as Voice
    } catch (error) {
      // The key itself cannot be had: that is no fault of the profile.
      if (error instanceof AppError) throw error
      return null
    }
  }
  const summary = async (profile: VoiceProfileRecord, fingerprint: string | null): Promise<SpeakerProfile> => {
    const voice = await open(profile)
    return {
      id: profile.id,
      name: profile.name,
      samples: voice?.vectors.length ?? 0,
      net_speech_s: voice?.netSpeechSeconds ?? 0,
      is_strong: (voice?.netSpeechSeconds ?? 0) >= strongSeconds,
      is_outdated: voice === null || (fingerprint !== null && profile.fingerprint !== fingerprint),
      consented_at: profile.consentedAt,
      created_at: profile.createdAt,
      updated_at: profile.updatedAt,
    }
  }
  const fingerprint = async (): Promise<string | null> => (await deps.encoder())?.fingerprint ?? null

  const identifyAmong = async (
    known: readonly VoiceProfileRecord[],
    samples: Float32Array,
    signal: AbortSignal,
  ): Promise<Identification> => {
    const { encoder, vad } = await models()
    const { speech, speechMs } = await speechOf(samples, vad, signal)
    if (speechMs < shortestQueryMs) {
      throw new AppError("speaker.too-short", "There is too little speech to tell a voice by.", {
        remedy: "Speak for at least two seconds.",
      })
    }
    const embedding = await encoder.embed(speech, signal)
    const profiles = known.filter((profile) => profile.fingerprint === encoder.fingerprint)
    const candidates = []
    for (const profile of profiles) {
      const voice = await open(profile)
      if (!voice) continue
      const similarity = round(cosineToCentre(embedding, voice.vectors))
      candidates.push({ id: profile.id, name: profile.name, similarity })
    }
    candidates.sort((a, b) => b.similarity - a.similarity)
    const [best, next] = candidates
    const threshold = thresholdFor(speechMs)
    const similarity = best?.similarity ?? 0
    const margin = round(similarity - (next?.similarity ?? 0))
    const isKnown = best !== undefined && similarity >= threshold && (next === undefined || margin >= leastMargin)
    return {
      identified: isKnown ? { id: best.id, name: best.name } : null,
      similarity,
      threshold,
      margin,
      candidates: candidates.slice(0, 5),
      net_speech_s: seconds(speechMs),
    }
  }

  return {
    async enroll(actor, { name, recordings, hasConsent }, signal) {
      if (!hasConsent) {
        throw new AppError("speaker.no-consent", "A voice is learned only from someone who agreed to it.", {
          remedy: "Ask the person, then send `consent=true`.",
        })
      }
      const { encoder, vad } = await models()
      const known = (await deps.profiles.list(actor)).find(
        (profile) => profile.name.toLowerCase() === name.toLowerCase(),
      )
      const before: Voice | null = known ? await open(known) : { vectors: [], netSpeechSeconds: 0 }
      if (before === null || (known && known.fingerprint !== encoder.fingerprint)) {
        const why = before === null ? "is damaged" : "was learned with another model"
        throw new AppError("speaker.outdated", `The voice of ${name} ${why}.`, {
          remedy: "Delete it and record it again.",
        })
      }
      const heard = []
      for (const samples of recordings) heard.push(await hearVoice(samples, { encoder, vad }, signal))
      const netMs = heard.reduce((sum, { speechMs }) => sum + speechMs, 0)
      if (netMs + before.netSpeechSeconds * 1000 < shortestEnrollmentMs) {
        throw new AppError(
          "speaker.too-short",
          `There are ${seconds(netMs)} s of speech; a voice takes 4 s at least.`,
          {
            remedy: "Record some sentences more: 15 s make a good profile.",
          },
        )
      }
      const vectors = [...before.vectors, ...heard.map(({ embedding }) => [...embedding])]
      refuseTwoVoices(vectors)
      const voice: Voice = {
        vectors: vectors.slice(-mostVectors),
        netSpeechSeconds: Number((before.netSpeechSeconds + netMs / 1000).toFixed(1)),
      }
      const sealed = await deps.seal(JSON.stringify(voice))
      const profile = known
        ? await deps.profiles.replace(actor, known.id, { fingerprint: encoder.fingerprint, sealed })
        : await deps.profiles.create(actor, { name, fingerprint: encoder.fingerprint, sealed })
      return {
        profileId: profile.id,
        samples: voice.vectors.length,
        netSpeechSeconds: voice.netSpeechSeconds,
        dimensions: encoder.dimensions,
        quality: worst(heard.map(({ quality }) => quality)),
        isStrong: voice.netSpeechSeconds >= strongSeconds,
      }
    },

    identify: async (actor, samples, signal) => identifyAmong(await deps.profiles.list(actor), samples, signal),
    async recognize(actor, samples, signal) {
      const [own, household, current] = await Promise.all([
        deps.profiles.list(actor),
        deps.profiles.household(actor),
        fingerprint(),
      ])
      const ids = new Set(own.map(({ id }) => id))
      const known = [...own, ...household.filter(({ id }) => !ids.has(id))]
      // Voices that were learned with another model are no reason to call somebody unknown.
      if (!known.some((profile) => profile.fingerprint === current)) return null
      try {
        return await identifyAmong(known, samples, signal)
      } catch (error) {
        if (error instanceof AppError && (error.code === "speaker.too-short" || error.code === "model.missing"))
          return null
        throw error
      }
    },
    async list(actor) {
      const current = await fingerprint()
      return await Promise.all((await deps.profiles.list(actor)).map((profile) => summary(profile, current)))
    },
    rename: async (actor, id, name) => summary(await deps.profiles.rename(actor, id, name), await fingerprint()),
    forget: (actor, id) => deps.profiles.delete(actor, id),
  }
}

const worst = (qualities: readonly RecordingQuality[]): RecordingQuality => ({
  snr_db: Math.min(...qualities.map(({ snr_db }) => snr_db)),
  clipping: Math.max(...qualities.map(({ clipping }) => clipping)),
  duration_s: round(qualities.reduce((sum, { duration_s }) => sum + duration_s, 0)),
})

const round = (value: number): number => Number(value.toFixed(3))
const seconds = (ms: number): number => Number((ms / 1000).toFixed(1))
