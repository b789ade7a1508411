import type { Transcription, TranscriptionSegment, Voice } from "#contract/audio.ts"
import type { ClonedVoice, CloningStatus, SampleVerdict, VoiceConsent } from "#contract/cloning.ts"
import type { AudioDevices, DeviceCheckEvent, DeviceEvent } from "#contract/devices.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Identification, SpeakerProfile } from "#contract/speakers.ts"
import type { ListeningEvent, TurnSound } from "#contract/tuning.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import type { WakeEvent, WakeStatus } from "#contract/wake.ts"
import type { Actor } from "#core/actor.ts"

export type SpeechFormat = "wav" | "mp3" | "opus" | "flac" | "pcm"

export interface RecordingToHear {
  path: string
  name: string
  language?: string
  /** Names and terms as they are spelled. */
  prompt?: string
  /** An installed speech-to-text model. Default: the chosen one. */
  model?: string
  /** English text, whatever is spoken. Rejects with `model.incompatible` where the model cannot. */
  isTranslation?: boolean
  /** Hears of each segment as soon as it is known. */
  onSegment?: (segment: TranscriptionSegment) => void
}

export interface SpokenSound {
  contentType: string
  bytes: AsyncIterable<Uint8Array>
  /** In the copy of a person's voice. Default false. */
  isCloned?: boolean
}

export interface SpeechService {
  /** Any supported recording. Rejects with `audio.*`, `model.*` or `engine.*`; silence is an empty transcript. Segments carry names where voices are known. */
  transcribe(actor: Actor, file: RecordingToHear, signal: AbortSignal): Promise<Transcription>
  /** Encoded speech, piece by piece as it is made. `pcm` is 24 kHz s16le mono. Resolves before the first piece is made. */
  speak(
    actor: Actor,
    request: { text: string; voice?: string; speed: number; format: SpeechFormat },
    signal: AbortSignal,
  ): Promise<SpokenSound>
  voices(actor: Actor): Promise<{ voices: Voice[]; default: string | null }>
  status(): Promise<Omit<RouteOutput<Routes["GET /leonardo/status"]>, "timestamp">>
}

export interface SpeakerService {
  list(actor: Actor): Promise<SpeakerProfile[]>
  enroll(
    actor: Actor,
    request: { name: string; files: readonly { path: string; name: string }[]; hasConsent: boolean },
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /audio/speaker/enroll"]>>
  identify(actor: Actor, file: { path: string; name: string }, signal: AbortSignal): Promise<Identification>
  rename(actor: Actor, id: string, name: string): Promise<SpeakerProfile>
  forget(actor: Actor, id: string): Promise<void>
}

/** A sound file as it was uploaded. */
export interface SoundFile {
  path: string
  name: string
}

/** Cloned voices, and the consents under which they exist. */
export interface CloningService {
  status(): Promise<CloningStatus>
  acceptLicence(actor: Actor, isAccepted: boolean): Promise<CloningStatus>
  ask(actor: Actor, name: string): Promise<VoiceConsent>
  give(actor: Actor, consentId: string, file: SoundFile, signal: AbortSignal): Promise<VoiceConsent>
  consents(actor: Actor): Promise<VoiceConsent[]>
  /** Returns how many voices were erased with it. */
  revoke(actor: Actor, consentId: string): Promise<number>
  check(file: SoundFile, signal: AbortSignal): Promise<SampleVerdict>
  list(actor: Actor): Promise<ClonedVoice[]>
  create(
    actor: Actor,
    voice: { name: string; consentId: string; language: string; file: SoundFile },
    signal: AbortSignal,
  ): Promise<ClonedVoice>
  erase(actor: Actor, voiceId: string): Promise<void>
  /** Speaks in the voice of a sample; with a name the voice is kept. */
  speakFrom(
    actor: Actor,
    request: {
      file: SoundFile
      text: string
      language: string
      consentId: string
      name: string | null
      format: SpeechFormat
    },
    signal: AbortSignal,
  ): Promise<SpokenSound>
  /** Speaks in the voice of a person, or of this name. Rejects with `speaker.not-found`. */
  speakAs(
    actor: Actor,
    request: { text: string; speaker: string; format: SpeechFormat },
    signal: AbortSignal,
  ): Promise<SpokenSound>
  /** Speaks in the voice of whoever speaks in the recording. Rejects with `speaker.not-found` when that is nobody who is known. */
  speakAsHeard(
    actor: Actor,
    request: { text: string; file: SoundFile; format: SpeechFormat },
    signal: AbortSignal,
  ): Promise<SpokenSound>
}

/** Hands-free conversations. */
export interface VoiceSessionService {
  start(actor: Actor, request: RouteInput<Routes["POST /api/voice/sessions"]>["body"]): Promise<{ sessionId: string }>
  /** The state now, then every change, until the conversation or the signal ends. */
  watch(actor: Actor, id: string, signal: AbortSignal): AsyncIterable<ConversationState>
  end(actor: Actor, id: string): Promise<void>
}

/** Microphones and loudspeakers of the machine. */
export interface DeviceService {
  view(actor: Actor, signal: AbortSignal): Promise<AudioDevices>
  events(actor: Actor, signal: AbortSignal): AsyncIterable<DeviceEvent>
  /** Null chooses the default. Rejects with `audio.no-device` for an id that is not connected. */
  select(actor: Actor, selection: { input?: string | null; output?: string | null }): Promise<void>
  /** What is given changes. Volume and mute are the person's own; the rest is the owner's. */
  set(
    actor: Actor,
    changes: { volume?: number; isMuted?: boolean; microphoneGain?: number; isMicrophoneMuted?: boolean },
  ): Promise<void>
  tone(signal: AbortSignal): Promise<{ output: string | null; playedMs: number }>
  check(options: { seconds: number; play: boolean }, signal: AbortSignal): AsyncIterable<DeviceCheckEvent>
}

/** Waking by a phrase. */
export interface WakeService {
  status(actor: Actor): Promise<WakeStatus>
  /** Throws `model.not-found` and `model.missing`. */
  enable(actor: Actor, request: { enabled: boolean; model?: string }): Promise<WakeStatus>
  clear(actor: Actor): Promise<WakeStatus>
  /** What this person's microphones hear of it. Returns the end of the subscription. */
  subscribe(actor: Actor, listener: (event: WakeEvent) => void): () => void
}

/** What the tuning page shows. */
export interface TuningService {
  /** Spoken questions of this person whose sound is kept, newest first. */
  sounds(actor: Actor): Promise<TurnSound[]>
  /** A WAV file. Rejects with `message.not-found` and `secrets.damaged`. */
  sound(actor: Actor, messageId: string): Promise<Uint8Array>
  deleteSound(actor: Actor, messageId: string): Promise<void>
  /** What this person's microphones are measured by. Returns the end of the subscription. */
  subscribe(actor: Actor, listener: (event: ListeningEvent) => void): () => void
}

/** Sound that travels on /ws. */
export interface AudioExchange {
  /** s16le mono at 16 kHz, in order. False: nobody listens to this stream. */
  push(actor: Actor, streamId: number, sequence: number, pcm: Uint8Array): boolean
  /** The client that sent this stream is gone. */
  end(actor: Actor, streamId: number): void
  /** Hears of speech for the subscribers of a turn: s16le mono at 24 kHz. Returns the end of the subscription. */
  onSpeech(
    listener: (frame: { turnId: string; streamId: number; sequence: number; pcm: Uint8Array }) => void,
  ): () => void
}
