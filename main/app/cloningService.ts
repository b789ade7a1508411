import { readFile } from "node:fs/promises"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import { resample } from "#audio/resample.ts"
import type { SoundTags } from "#audio/soundTags.ts"
import { ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { TextToSpeech, VoiceCloner } from "#engines/types.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { seal, unseal } from "#ops/secrets/vault.ts"
import type { CloningService, SoundFile } from "#server/deps.ts"
import type { SettingsRepository } from "#store/types.ts"
import { clonedVoiceIds } from "#voice/cloning/clonedSpeech.ts"
import { type Cloning, type CloningDeps, createCloning } from "#voice/cloning/cloning.ts"
import type { VoiceSample } from "#voice/cloning/voiceSample.ts"
import type { Speakers } from "#voice/speakers.ts"
import { sayAloud } from "./sayAloud.ts"
import type { ClonedVoices } from "./speechService.ts"

/** What the cloning model was trained with; samples are kept at this rate. */
const sampleRate = 22_050
const listenRate = 16_000
const keyName = "cloned-voices"
/** Where the acceptance is kept, beside the settings. */
const acceptanceName = "cloningLicenceAcceptedAt"

const licence = {
  id: "CPML",
  name: "Coqui Public Model License 1.0.0",
  url: "https://coqui.ai/cpml",
  summary: "XTTS v2 and what it says may be used for private, non-commercial purposes only.",
}

/** When the licence of XTTS was accepted on this machine. */
export interface LicenceAcceptance {
  acceptedAt(): Promise<number | null>
  accept(isAccepted: boolean): Promise<void>
}

export function openLicenceAcceptance(settings: SettingsRepository, clock: Pick<Clock, "now">): LicenceAcceptance {
  return {
    async acceptedAt() {
      const at = (await settings.all(ownerActor))[acceptanceName]
      return typeof at === "number" ? at : null
    },
    accept: (isAccepted) => settings.set(ownerActor, { [acceptanceName]: isAccepted ? clock.now() : undefined }),
  }
}

/** Cloned voices, each sealed to its own place with a key of this data directory. */
export function openCloning({ secrets, ...deps }: Omit<CloningDeps, "sealing"> & { secrets: Secrets }): Cloning {
  return createCloning({
    ...deps,
    sealing: {
      seal: async (place, plain) => JSON.stringify(seal(await secrets.dataKey(keyName), `${keyName}/${place}`, plain)),
      open: async (place, sealed) => unseal(await secrets.dataKey(keyName), `${keyName}/${place}`, JSON.parse(sealed)),
    },
  })
}

/** What every file in a copied voice says about itself. */
const tagsOf = (person: string): SoundTags => ({
  comment: `Synthetic speech: made by a computer in a copy of the voice of ${person}, with their consent.`,
})

/** Cloned voices among those that speak. */
export function createClonedVoices(
  cloning: Cloning,
  acceptance: LicenceAcceptance,
  cloner: () => Promise<VoiceCloner | null>,
): ClonedVoices {
  return {
    has: clonedVoiceIds.has,
    async list(actor) {
      if ((await acceptance.acceptedAt()) === null) return []
      const engine = await cloner()
      return (await cloning.list(actor)).map(({ id, name, language }) => ({
        id,
        name,
        language,
        model: engine?.modelId ?? "xtts",
        isInstalled: engine !== null,
      }))
    },
    async voice(actor, voiceId) {
      const tts = await cloning.voice(actor, voiceId)
      const person = (await cloning.find(actor, voiceId))?.person ?? ""
      return { tts, tags: tagsOf(person) }
    },
  }
}

export interface CloningServiceDeps {
  cloning: Cloning
  acceptance: LicenceAcceptance
  speakers: Pick<Speakers, "identify">
  codecs: AudioCodecs
}

/** What the routes of cloned voices call. */
export function createCloningService({ cloning, acceptance, speakers, codecs }: CloningServiceDeps): CloningService {
  const decode = async (file: SoundFile, rate: number, signal: AbortSignal): Promise<Float32Array> => {
    const bytes = await readFile(file.path)
    return (await codecs.decodeAudio(bytes, { filename: file.name, sampleRate: rate }, signal)).samples
  }
  const sampleOf = async (file: SoundFile, signal: AbortSignal): Promise<VoiceSample> => {
    const samples = await decode(file, sampleRate, signal)
    return { chunk: { samples, sampleRate }, listening: await resample(samples, sampleRate, listenRate) }
  }
  const status: CloningService["status"] = async () => ({
    ...(await cloning.status()),
    licence: { ...licence, acceptedAt: await acceptance.acceptedAt() },
  })
  const say = async (
    tts: TextToSpeech,
    { text, format, person }: { text: string; format: Parameters<typeof sayAloud>[1]["format"]; person: string },
    signal: AbortSignal,
  ) => ({
    ...(await sayAloud(tts, { text, format, voice: undefined, speed: 1, tags: tagsOf(person) }, codecs, signal)),
    isCloned: true,
  })
  const speakAs: CloningService["speakAs"] = async (actor, { text, speaker, format }, signal) => {
    const voice = await cloning.find(actor, speaker)
    if (!voice)
      throw new AppError("speaker.not-found", `There is no cloned voice of ${speaker.slice(0, 80)}.`, {
        remedy: "Clone it first, with that person's consent.",
      })
    return await say(await cloning.voice(actor, voice.id), { text, format, person: voice.person }, signal)
  }

  return {
    status,
    async acceptLicence(_actor, isAccepted) {
      await acceptance.accept(isAccepted)
      return await status()
    },
    ask: cloning.ask,
    give: async (actor, consentId, file, signal) =>
      await cloning.give(actor, consentId, await decode(file, listenRate, signal), signal),
    consents: cloning.consents,
    revoke: cloning.revoke,
    check: async (file, signal) => await cloning.check(await sampleOf(file, signal), signal),
    list: cloning.list,
    create: async (actor, { file, ...voice }, signal) =>
      await cloning.create(actor, { ...voice, sample: await sampleOf(file, signal) }, signal),
    erase: cloning.erase,
    async speakFrom(actor, { file, text, language, consentId, name, format }, signal) {
      const sample = await sampleOf(file, signal)
      if (name !== null) {
        const { id, person } = await cloning.create(actor, { name, consentId, language, sample }, signal)
        return await say(await cloning.voice(actor, id), { text, format, person }, signal)
      }
      const { tts, person } = await cloning.once(actor, { consentId, language, sample }, signal)
      return await say(tts, { text, format, person }, signal)
    },
    speakAs,
    async speakAsHeard(actor, { text, file, format }, signal) {
      const { identified } = await speakers.identify(actor, await decode(file, listenRate, signal), signal)
      if (!identified)
        throw new AppError("speaker.not-found", "Nobody who is known speaks in this recording.", {
          remedy: "Teach the voice first, or name the speaker.",
        })
      return await speakAs(actor, { text, speaker: identified.name, format }, signal)
    },
  }
}
