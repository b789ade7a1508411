/**
 * What the speech child offers. Every request names its model's files: the child loads what it has not loaded yet, so a restarted
 * child needs no replay. One request holds at most 30 s of audio.
 */
export type SpeechContract = VadContract &
  SttContract &
  WhisperContract &
  TtsContract &
  SpeakerContract &
  TurnContract &
  WakeContract

/** 16 kHz mono samples in, one speech probability per completed 32 ms frame out. */
export type VadContract = {
  "vad.load": { input: { modelPath: string }; output: null }
  "vad.unload": { input: null; output: null }
  /** Continues the stream with this id; an unknown id starts a fresh one. A frame may end in a later push. */
  "vad.push": {
    input: { modelPath: string; stream: string; samples: Float32Array }
    output: { probabilities: number[] }
  }
  "vad.close": { input: { stream: string }; output: null }
}

/** Paths of one Moonshine model. */
export interface MoonshineFiles {
  encoderPath: string
  decoderPath: string
  tokenizerPath: string
}

/** One utterance of 16 kHz mono speech. */
export type SttContract = {
  "stt.load": { input: { files: MoonshineFiles }; output: null }
  "stt.unload": { input: null; output: null }
  "stt.transcribe": {
    /** `draft`: tokens of an earlier decode of the beginning of the same audio. They are verified, so the result is the same, sooner. */
    input: { files: MoonshineFiles; samples: Float32Array; draft: number[] }
    output: Decoded
  }
}

export interface Decoded {
  text: string
  /** Token ids without the start and end marks. */
  tokens: number[]
  /** Mean log-probability per token, the end mark included. */
  meanLogProbability: number
  /** Why decoding ended: the end mark, a repetition, or the token cap. */
  ended: "end-mark" | "repetition" | "cap"
}

/** Paths of one Whisper model, as our own conversion writes it. */
export interface WhisperFiles {
  encoderPath: string
  decoderPath: string
  tokenizerPath: string
  configPath: string
  threads: number
}

export interface WhisperTask {
  /** Two letters; null lets a model of several languages find out. */
  language: string | null
  /** English text of speech in another language. */
  isTranslation: boolean
  hasTimestamps: boolean
  /** Text as if it had been said before: the spelling of names and terms. "" for none. */
  prompt: string
}

/** One window of at most 30 s of 16 kHz mono speech. */
export type WhisperContract = {
  "whisper.load": { input: { files: WhisperFiles }; output: null }
  "whisper.unload": { input: null; output: null }
  "whisper.transcribe": {
    input: { files: WhisperFiles; samples: Float32Array; task: WhisperTask }
    output: WhisperDecoded
  }
}

export interface WhisperDecoded extends Decoded {
  /** Parts with times inside the window; none without timestamps. */
  segments: { startMs: number; endMs: number; text: string }[]
  language: string
  /** Certainty of the detected language; 1 when it was given. */
  languageProbability: number
  /** How likely nobody speaks, 0..1. */
  noSpeechProbability: number
  /** Above 2.4 the text repeats itself. */
  compressionRatio: number
}

/** One sentence or clause of text in, speech out. */
export type TtsContract = {
  "tts.load": { input: TtsVoice; output: null }
  "tts.unload": { input: null; output: null }
  "tts.synthesize": {
    input: TtsVoice & {
      text: string
      rate: number
      /** Words in lower case and how they are read, in the International Phonetic Alphabet. */
      phonemes: Record<string, string>
    }
    output: { samples: Float32Array; sampleRate: number }
  }
  /** What the voice reads, one string per clause: shows why a word sounds as it does. */
  "tts.phonemize": {
    input: TtsVoice & { text: string; phonemes: Record<string, string> }
    output: { phonemes: string[] }
  }
}

export interface TtsVoice {
  engine: "hibari" | "kokoro"
  /** Folder of the model's files. */
  dir: string
  /** The network in it. */
  weights: string
  /** The voice's own file, where one network has several voices. */
  style: string | null
  threads: number
}

/** 16 kHz mono speech of one person in, a unit vector out. */
export type SpeakerContract = {
  "speaker.load": { input: { modelPath: string }; output: null }
  "speaker.unload": { input: null; output: null }
  "speaker.embed": { input: { modelPath: string; samples: Float32Array }; output: { embedding: Float32Array } }
}

/** 16 kHz mono: what the person said so far, up to the pause. How likely they have finished, 0..1. */
export type TurnContract = {
  "turn.load": { input: { modelPath: string }; output: null }
  "turn.unload": { input: null; output: null }
  "turn.complete": { input: { modelPath: string; samples: Float32Array }; output: { probability: number } }
}

/** Paths of the two networks that every wake phrase needs. */
export interface WakeFiles {
  melPath: string
  embeddingPath: string
}

/** 16 kHz mono samples in; for every completed 80 ms one score per head, 0..1. */
export type WakeContract = {
  "wake.load": { input: { files: WakeFiles; headPaths: readonly string[] }; output: null }
  "wake.unload": { input: null; output: null }
  /** Continues the stream with this id; an unknown id starts one that was silent until now. */
  "wake.push": {
    input: { files: WakeFiles; headPaths: readonly string[]; stream: string; samples: Float32Array }
    output: { scores: number[][] }
  }
  "wake.close": { input: { stream: string }; output: null }
}
