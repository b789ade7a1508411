import type { WakePhrase } from "#engines/types.ts"

export interface WakeTriggerOptions {
  phrases: readonly WakePhrase[]
  /** 0..1: how readily a phrase counts as heard; .5 takes each phrase's own threshold. */
  sensitivity(): number
  /** After a phrase was heard, or taken for one, nothing is for this long. Default 2000 ms. */
  coolDownMs?: number
}

/** One phrase must stay above its threshold for this many steps of 80 ms: a click is over sooner. */
const stepsInARow = 2
/** How far the sensitivity moves a threshold, as log odds. */
const reach = 5

/** Says from running scores when a phrase was said, once each time. */
export interface WakeTrigger {
  /** One score per phrase, as every 80 ms brings them. `at` is monotonic milliseconds. */
  push(scores: readonly number[], at: number): WakePhrase | null
}

export function createWakeTrigger({ phrases, sensitivity, coolDownMs = 2000 }: WakeTriggerOptions): WakeTrigger {
  const above = phrases.map(() => 0)
  let restsUntil = Number.NEGATIVE_INFINITY
  return {
    push(scores, at) {
      let found: WakePhrase | null = null
      let best = 0
      for (const [index, phrase] of phrases.entries()) {
        const score = scores[index] ?? 0
        above[index] = score >= thresholdAt(phrase.threshold, sensitivity()) ? (above[index] ?? 0) + 1 : 0
        if ((above[index] ?? 0) >= stepsInARow && score > best) {
          best = score
          found = phrase
        }
      }
      if (!found || at < restsUntil) return null
      restsUntil = at + coolDownMs
      above.fill(0)
      return found
    },
  }
}

/** A phrase's threshold at this sensitivity, moved along its log odds: it never reaches 0 or 1. */
export function thresholdAt(threshold: number, sensitivity: number): number {
  const odds = Math.log(threshold / (1 - threshold)) + (0.5 - sensitivity) * reach
  return 1 / (1 + Math.exp(-odds))
}
