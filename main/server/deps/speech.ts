import type { Transcription, Voice } from "#contract/audio.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Identification, SpeakerProfile } from "#contract/speakers.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
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
}

export interface SpeechService {
  /** Any supported recording. Rejects with `audio.*`, `model.*` or `engine.*`; silence is an empty transcript. */
  transcribe(file: RecordingToHear, signal: AbortSignal): Promise<Transcription>
  /** Encoded speech, piece by piece as it is made. `pcm` is 24 kHz s16le mono. Resolves before the first piece is made. */
  speak(
    request: { text: string; voice?: string; speed: number; format: SpeechFormat },
    signal: AbortSignal,
  ): Promise<{ contentType: string; bytes: AsyncIterable<Uint8Array> }>
  voices(): Promise<{ voices: Voice[]; default: string | null }>
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

/** Hands-free conversations. */
export interface VoiceSessionService {
  start(actor: Actor, request: RouteInput<Routes["POST /api/voice/sessions"]>["body"]): Promise<{ sessionId: string }>
  /** The state now, then every change, until the conversation or the signal ends. */
  watch(actor: Actor, id: string, signal: AbortSignal): AsyncIterable<ConversationState>
  end(actor: Actor, id: string): Promise<void>
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
