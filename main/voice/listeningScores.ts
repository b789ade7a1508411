import type { ListeningEvent } from "#contract/tuning.ts"
import { speechOnset } from "./speechGate.ts"

/** Speech is told of once for so many frames of the detector (32 ms each): people read no faster. */
const framesTold = 3

/** Tells what the detectors say, as often as somebody can read it. */
export interface ListeningScores {
  /** Probabilities of the next frames. */
  speech(probabilities: readonly number[]): void
  pause(pause: { silenceMs: number; waitMs: number; completion: number | null }): void
}

export function createListeningScores(tell: (event: ListeningEvent) => void): ListeningScores {
  let waiting: number[] = []
  let toldMs = Number.POSITIVE_INFINITY
  return {
    speech(probabilities) {
      waiting.push(...probabilities)
      if (waiting.length < framesTold) return
      // The loudest of them: a short word must not be lost between two readings.
      tell({ type: "speech", score: Math.max(...waiting), threshold: speechOnset })
      waiting = []
    },
    pause(pause) {
      const isNew = pause.silenceMs < toldMs
      if (!isNew && pause.silenceMs - toldMs < 100) return
      toldMs = pause.silenceMs
      tell({ type: "pause", ...pause })
    },
  }
}
