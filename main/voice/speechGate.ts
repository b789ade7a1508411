/** Speech probabilities of a recording, folded as they come: is someone speaking now, and where does speech begin and end. */
export interface SpeechGate {
  /** Probabilities of the next frames. */
  push(probabilities: readonly number[]): void
  readonly isSpeech: boolean
  /** Where speech was last heard, in ms; null while nobody has spoken. */
  readonly speechEndMs: number | null
  /** Speech so far with a margin on both sides, in ms; null while nobody has spoken. */
  region(recordedMs: number): { startMs: number; endMs: number } | null
}

/** A frame at or above this may start speech. */
export const speechOnset = 0.5

export interface SpeechGateOptions {
  /** Milliseconds per probability. Default 32: Silero's frame. */
  frameMs?: number
  /** A frame at or above this may start speech. Default .5. */
  onset?: number
  /** Speech goes on down to this. Default .35, so that soft endings stay in. */
  release?: number
  /** Frames in a row that start speech. Default 3: a click is shorter. */
  onsetFrames?: number
  /** Kept before the onset: soft first consonants score low. Default 300. */
  preRollMs?: number
  /** Kept after the last speech. Default 300. */
  tailMs?: number
}

export function createSpeechGate(options: SpeechGateOptions = {}): SpeechGate {
  const { frameMs = 32, onset = speechOnset, release = 0.35, onsetFrames = 3, preRollMs = 300, tailMs = 300 } = options
  let frames = 0
  let run = 0
  let isSpeech = false
  let first: number | undefined
  let last = 0
  return {
    push(probabilities) {
      for (const probability of probabilities) {
        frames++
        run = probability >= onset ? run + 1 : 0
        if (isSpeech) isSpeech = probability >= release
        else if (run >= onsetFrames) {
          isSpeech = true
          first ??= frames - run
        }
        if (isSpeech) last = frames
      }
    },
    get isSpeech() {
      return isSpeech
    },
    get speechEndMs() {
      return first === undefined ? null : last * frameMs
    },
    region(recordedMs) {
      if (first === undefined) return null
      return {
        startMs: Math.max(0, first * frameMs - preRollMs),
        endMs: Math.min(recordedMs, last * frameMs + tailMs),
      }
    },
  }
}
