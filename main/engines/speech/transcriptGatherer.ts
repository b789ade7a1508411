import type { SpeechRegion, Transcript, TranscriptSegment } from "../types.ts"
import { wordTimes } from "./wordTimes.ts"

/** One decoded stretch of a recording. */
export interface DecodedStretch {
  segments: readonly { startMs: number; endMs: number; text: string }[]
  tokenCount: number
  /** Mean per token. */
  meanLogProbability: number
  noSpeechProbability?: number
  compressionRatio?: number
}

export interface TranscriptGatherer {
  add(stretch: DecodedStretch): void
  transcript(language: string): Transcript
}

/** Puts the stretches of a recording together, whichever engine heard them; each segment is told as soon as it is known. */
export function createTranscriptGatherer(
  regions: readonly SpeechRegion[],
  onSegment: ((segment: TranscriptSegment) => void) | undefined,
): TranscriptGatherer {
  const segments: TranscriptSegment[] = []
  let logProbability = 0
  let tokens = 0
  return {
    add(stretch) {
      const { tokenCount, meanLogProbability, noSpeechProbability = 0, compressionRatio = 1 } = stretch
      for (const { startMs, endMs, text } of stretch.segments) {
        const segment = {
          startMs,
          endMs,
          text,
          words: wordTimes(text, { startMs, endMs }, regions),
          meanLogProbability,
          noSpeechProbability,
          compressionRatio,
        }
        segments.push(segment)
        onSegment?.(segment)
      }
      logProbability += meanLogProbability * tokenCount
      tokens += tokenCount
    },
    transcript: (language) => ({
      text: segments.map((segment) => segment.text).join(" "),
      segments,
      meanLogProbability: tokens === 0 ? 0 : logProbability / tokens,
      language,
    }),
  }
}
