import type { AudioCodecs } from "#audio/audioCodecs.ts"
import type { AudioDevices } from "#audio/devices/audioDevices.ts"
import type { TurnDeps } from "#chat/runTurn.ts"
import { titleOf } from "#chat/title.ts"
import { createTurns, type Turns } from "#chat/turns.ts"
import type { Clock } from "#core/clock.ts"
import type { Logger } from "#core/logger.ts"
import type { VoiceCloner } from "#engines/types.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import type {
  AudioExchange,
  CloningService,
  SpeakerService,
  SpeechService,
  TuningService,
  VoiceSessionService,
  WakeService,
} from "#server/deps.ts"
import type { Store } from "#store/types.ts"
import { createOwnSpeech, noting } from "#voice/ownSpeech.ts"
import type { Speakers } from "#voice/speakers.ts"
import { createClonedVoices, createCloningService, openCloning, openLicenceAcceptance } from "./cloningService.ts"
import type { EngineRack } from "./engines.ts"
import { createFollowVoice } from "./followVoice.ts"
import type { People } from "./peopleService.ts"
import type { Settings } from "./settings.ts"
import type { NamesOf } from "./speakerNames.ts"
import { createSpeakerService } from "./speakerService.ts"
import { createSpeechService } from "./speechService.ts"
import { createSpokenTurns } from "./spokenTurns.ts"
import { createTuning } from "./tuningService.ts"
import { createTurnSounds } from "./turnSounds.ts"
import { createVoiceChannels } from "./voiceChannels.ts"
import { createVoiceSessions } from "./voiceSessions.ts"
import type { KnownPhrase } from "./wakePhrases.ts"
import { createWaking } from "./wakeService.ts"

export interface ConversingDeps extends Pick<TurnDeps, "answer" | "persona" | "onConversationChanged"> {
  store: Store
  engines: EngineRack
  codecs: AudioCodecs
  speakers: Speakers
  namesOf: NamesOf
  /** The machine's own microphones and loudspeakers. */
  devices: AudioDevices
  settings: Pick<Settings, "values" | "change" | "onChange">
  /** Wake phrases that can be chosen. */
  wakePhrases(): Promise<KnownPhrase[]>
  people: People
  secrets: Secrets
  /** What speaks in cloned voices. Null: nothing is set up. */
  cloner: () => Promise<VoiceCloner | null>
  /** Adds to a counter of the metrics. */
  count(name: string, by: number): void
  clock: Clock
  log: Logger
}

/** Turns, written and spoken, and everything that hears or speaks. */
export interface Conversing {
  turns: Turns
  voiceSessions: VoiceSessionService
  /** The sound of `/ws`. */
  audio: AudioExchange
  speech: SpeechService
  speakerService: SpeakerService
  cloning: CloningService
  wake: WakeService
  tuning: TuningService
  close(): Promise<void>
}

export function createConversing(deps: ConversingDeps): Conversing {
  const { store, engines, codecs, settings, speakers, secrets, clock, log } = deps
  const { vad, speechToText } = engines
  const ownSpeech = createOwnSpeech(() => clock.monotonic())
  const textToSpeech = async () => {
    const tts = await engines.textToSpeech()
    return tts && noting(tts, ownSpeech)
  }
  const channels = createVoiceChannels({ devices: deps.devices, log, count: deps.count })
  const acceptance = openLicenceAcceptance(store.settings, clock)
  const cloning = openCloning({
    records: store.clonedVoices,
    secrets,
    encoder: engines.speakerEncoder,
    vad,
    speechToText: () => speechToText(),
    cloner: deps.cloner,
    licenceAcceptedAt: acceptance.acceptedAt,
    clock,
  })
  const copies = createClonedVoices(cloning, acceptance, deps.cloner)
  const cloned: typeof copies = {
    ...copies,
    async voice(actor, id) {
      const found = await copies.voice(actor, id)
      return { ...found, tts: noting(found.tts, ownSpeech) }
    },
  }
  const sounds = createTurnSounds({
    sounds: store.turnSounds,
    secrets,
    settings,
    actors: deps.people.actors,
    log,
  })
  const tuning = createTuning(sounds, log)
  const turns = createTurns({
    store,
    clock,
    log,
    answer: deps.answer,
    openVoice: channels.open,
    ...createSpokenTurns({ engines: { ...engines, textToSpeech }, settings, speakers, cloned, tuning }),
    persona: deps.persona,
    soundKeeper: sounds.keeper,
    followVoice: createFollowVoice({ people: deps.people, store, persona: deps.persona, log }),
    title: async (question) => titleOf(question),
    onConversationChanged: deps.onConversationChanged,
  })
  const waking = createWaking({
    settings,
    wakeWord: engines.wakeWord,
    speechToText: () => speechToText(),
    phrases: deps.wakePhrases,
    ownSpeech,
    clock,
    log,
  })
  const voiceSessions = createVoiceSessions({ turns, channels, vad, speechToText, tuning, waking, log })
  return {
    turns,
    voiceSessions,
    audio: channels.exchange,
    speech: createSpeechService({
      codecs,
      speechToText,
      textToSpeech,
      vad,
      llm: () => engines.llm(null),
      defaultVoice: () => settings.values().voice,
      namesOf: deps.namesOf,
      sentencePauseMs: () => settings.values().sentencePauseMs,
      cloned,
      clock,
    }),
    speakerService: createSpeakerService(speakers, codecs),
    cloning: createCloningService({ cloning, acceptance, speakers, codecs }),
    wake: waking.service,
    tuning: tuning.service,
    async close() {
      waking.close()
      await voiceSessions.close()
      await turns.close()
      await sounds.close()
    },
  }
}
