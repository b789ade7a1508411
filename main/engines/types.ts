/** What the product asks of its engines. Instances arrive as arguments; only createApp knows which implementation stands behind them. */

import type { AnswerRoute } from "#contract/backends.ts"
import type { ChatMessage, GenerateEvent, GenerateRequest } from "#contract/generation.ts"

export type {
  ChatMessage,
  GenerateEvent,
  GenerateRequest,
  ResponseFormat,
  TokenLogprob,
  ToolDefinition,
} from "#contract/generation.ts"

export type LoadState = "unloaded" | "loading" | "loaded"

/** Every engine loads on demand, may be freed when idle, and says what it costs. */
export interface Engine {
  readonly modelId: string
  /** True for the engines that stand in when nothing is installed (hash embeddings). */
  readonly isFallback: boolean
  loadState(): LoadState
  /** Idempotent; concurrent calls share one load. Throws `model.*` or `engine.*`. */
  load(signal: AbortSignal): Promise<void>
  /** Waits for running requests, then frees the model's memory. */
  unload(): Promise<void>
}

export interface LlmInfo {
  modelId: string
  /** Tokens of context the model is loaded with. */
  contextTokens: number
  hasTools: boolean
}

export interface Llm extends Engine {
  /** Where it answers from and why, where there was a choice. */
  readonly route?: AnswerRoute
  info(signal: AbortSignal): Promise<LlmInfo>
  countTokens(texts: string[], signal: AbortSignal): Promise<number[]>
  /** Size of the whole prompt as the chat template renders it. */
  countPromptTokens(messages: ChatMessage[], signal: AbortSignal): Promise<number>
  /** Ends with an `end` event, or throws: `llm.context-exceeded`, `engine.*`. An abort throws `signal.reason`. Leaving the loop aborts too. */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent>
  /** Share of each candidate among the candidates as the next token after the prompt, e.g. ["Yes", "No"] → [.8, .2]. */
  choose(messages: ChatMessage[], candidates: string[], signal: AbortSignal, cacheKey?: string): Promise<number[]>
}

export interface Embedder extends Engine {
  readonly dimensions: number
  /** Identifies the vector space: model, hash and pooling. Vectors of different fingerprints are never compared. */
  readonly fingerprint: string
  /** Tokens per text; longer texts are cut. */
  readonly maxTokens: number
  /** Unit vectors, in the order of `texts`. `kind` selects the query prefix where a model has one. */
  embed(texts: string[], kind: "query" | "passage", signal: AbortSignal): Promise<Float32Array[]>
  countTokens(texts: string[]): Promise<number[]>
}

export interface TranscriptWord {
  word: string
  startMs: number
  endMs: number
}

/** A stretch of a recording that was heard as one. What an engine does not tell is left out. */
export interface TranscriptSegment {
  startMs: number
  endMs: number
  text: string
  words?: TranscriptWord[]
  /** Mean per token of the stretch it stands in. */
  meanLogProbability?: number
  noSpeechProbability?: number
  compressionRatio?: number
}

export interface Transcript {
  text: string
  segments: TranscriptSegment[]
  /** Mean log-probability per token; real speech lies above −.3. */
  meanLogProbability: number
  language: string
}

export interface TranscribeOptions {
  /** BCP 47. Default: found out by engines of several languages. Engines of one language ignore it. */
  language?: string
  /** Names and terms as they are spelled. Engines that cannot be told ignore it. */
  prompt?: string
  /** English text of speech in another language. Only where `canTranslate`. */
  isTranslation?: boolean
  /** Hears of each segment as soon as it is known. */
  onSegment?: (segment: TranscriptSegment) => void
}

export interface SpeechToText extends Engine {
  /** Default false. */
  readonly canTranslate?: boolean
  /** 16 kHz mono. Audio without speech gives an empty text, never an invented sentence. Any length: long audio is cut at quiet places. */
  transcribe(samples: Float32Array, options: TranscribeOptions, signal: AbortSignal): Promise<Transcript>
}

export interface VoiceInfo {
  id: string
  name: string
  /** BCP 47. */
  language: string
  /** The model that speaks it, where an engine stands for several. */
  model?: string
}

export interface SpeechChunk {
  samples: Float32Array
  sampleRate: number
}

export interface SynthesizeOptions {
  /** Default: the engine's first voice. */
  voice?: string
  /** .5..2; 1 is normal. */
  rate?: number
  /** Words in lower case and how they are read, in the International Phonetic Alphabet. Engines that read otherwise ignore it. */
  phonemes?: Record<string, string>
}

export interface TextToSpeech extends Engine {
  voices(): VoiceInfo[]
  /** One sentence or clause of speakable text. Throws `tts.unknown-voice`. */
  synthesize(text: string, options: SynthesizeOptions, signal: AbortSignal): Promise<SpeechChunk>
}

export interface SpeechRegion {
  startMs: number
  endMs: number
}

/** A running detector for one stream of 16 kHz audio. */
export interface VadStream {
  /** Any number of samples; returns one speech probability per completed 32 ms frame. */
  push(samples: Float32Array, signal: AbortSignal): Promise<number[]>
  close(): Promise<void>
}

export interface Vad extends Engine {
  /** Where speech is in a whole recording, padded and merged. */
  regions(samples: Float32Array, signal: AbortSignal): Promise<SpeechRegion[]>
  open(signal: AbortSignal): Promise<VadStream>
}

/** Reads a question and a text together: slower than comparing vectors, and better at telling which text answers. */
export interface Reranker extends Engine {
  /** How well each text answers the query, 0..1, in the order of the texts. */
  rank(query: string, texts: string[], signal: AbortSignal): Promise<number[]>
}

/** Tells voices apart: speech of one person lies close together, that of others apart. */
export interface SpeakerEncoder extends Engine {
  readonly dimensions: number
  /** Identifies the vector space. Profiles of another one must be made again. */
  readonly fingerprint: string
  /** 16 kHz mono speech of one person, without long silences. A unit vector. Throws `speaker.too-short` under half a second. */
  embed(samples: Float32Array, signal: AbortSignal): Promise<Float32Array>
}

/** Hears from melody and words whether somebody has finished, or only pauses to think. */
export interface TurnDetector extends Engine {
  /** 16 kHz mono, what was said so far up to the pause. How likely the person has finished, 0..1. */
  completion(samples: Float32Array, signal: AbortSignal): Promise<number>
}

/** A phrase that wakes the assistant. */
export interface WakePhrase {
  id: string
  /** As people say it: "Hey ZenGlow". */
  phrase: string
  /** How speech-to-text may write it. */
  spellings: readonly string[]
  /** Score from which it counts as heard. */
  threshold: number
  /** The file that tells the phrase from everything else. */
  headPath: string
}

/** A running listener for one stream of 16 kHz audio. */
export interface WakeStream {
  /** Any number of samples; for every completed 80 ms one score per phrase, in their order, 0..1. */
  push(samples: Float32Array, signal: AbortSignal): Promise<number[][]>
  close(): Promise<void>
}

/** Hears whether one of several phrases was just said. */
export interface WakeWord extends Engine {
  /** Throws `model.missing` or `model.corrupt` for a phrase whose file is not right. */
  open(phrases: readonly WakePhrase[], signal: AbortSignal): Promise<WakeStream>
}

/** Speaks in the voice of a recording. */
export interface VoiceCloner extends Engine {
  /** Where it runs: on this machine, or on a server that the person named. */
  readonly kind: "model" | "server"
  readonly name: string
  /** Identifies what made a conditioning; that of another one must be made again. */
  readonly fingerprint: string
  /** Two letters each. */
  readonly languages: readonly string[]
  /** What the engine makes of a sample once, to be kept: opaque bytes. `name` is what the person calls the voice. */
  condition(sample: SpeechChunk & { name: string }, signal: AbortSignal): Promise<Uint8Array>
  /** One sentence or clause of speakable text, in pieces as they are made. Throws `cloning.language`, `cloning.server`, `engine.*`. */
  synthesize(
    text: string,
    options: { conditioning: Uint8Array; language: string; rate?: number },
    signal: AbortSignal,
  ): AsyncIterable<SpeechChunk>
}
