import type { WakeEvent } from "#contract/wake.ts"
import { concatSamples } from "#core/concatSamples.ts"
import type { SpeechToText, WakePhrase, WakeWord } from "#engines/types.ts"
import type { OwnSpeech } from "./ownSpeech.ts"
import { findPhrase } from "./phraseWords.ts"
import { createWakeTrigger, thresholdAt } from "./wakeTrigger.ts"

export interface WakeGuardDeps {
  wakeWord: WakeWord
  phrases: readonly WakePhrase[]
  /** Reads what was said once more before anything happens. */
  speechToText: SpeechToText
  ownSpeech: Pick<OwnSpeech, "isPlaying" | "recent">
  sensitivity(): number
  coolDownMs?: number
  onEvent(event: WakeEvent): void
}

/** Listens for the phrases while a conversation sleeps. */
export interface WakeGuard {
  /** The phrase that was just said and checked. Any number of samples of 16 kHz. */
  push(samples: Float32Array, signal: AbortSignal): Promise<WakePhrase | null>
  close(): Promise<void>
}

/** The engine's step: less is not worth a message. */
const stepSamples = 1280
/** What the words are read from: the phrase, and a little before it. */
const readSamples = 32_000
/** The phrase is often known before its last sound is over; so many steps later its words are read. */
export const stepsToEnd = 4
/** One score in so many steps is told: four a second. */
const stepsPerScore = 3

export async function openWakeGuard(deps: WakeGuardDeps, signal: AbortSignal): Promise<WakeGuard> {
  const { wakeWord, phrases, speechToText, ownSpeech, sensitivity, coolDownMs, onEvent } = deps
  const trigger = createWakeTrigger({ phrases, sensitivity, ...(coolDownMs === undefined ? {} : { coolDownMs }) })
  // Loaded before it is needed: the check is what the person waits for.
  speechToText.load(signal).catch(() => undefined)
  const stream = await wakeWord.open(phrases, signal)
  let pending: Float32Array[] = []
  let pendingSamples = 0
  let heard = new Float32Array()
  let heardMs = 0
  let steps = 0
  let best = 0
  let likely: { phrase: WakePhrase; stepsLeft: number } | null = null

  const tellScore = (scores: readonly number[]): void => {
    best = Math.max(best, ...scores)
    if (++steps % stepsPerScore !== 0) return
    const threshold = Math.min(...phrases.map((phrase) => thresholdAt(phrase.threshold, sensitivity())))
    onEvent({ type: "score", score: best, threshold })
    best = 0
  }

  /** Why it was not the phrase after all; null when it was. */
  const refusal = async (phrase: WakePhrase): Promise<{ reason: "own-speech" | "words"; text: string } | null> => {
    if (ownSpeech.isPlaying()) return { reason: "own-speech", text: "" }
    const { text } = await speechToText.transcribe(heard, {}, signal)
    if (!findPhrase(text, phrase.spellings)) return { reason: "words", text }
    if (findPhrase(ownSpeech.recent(), phrase.spellings)) return { reason: "own-speech", text }
    return null
  }

  return {
    async push(samples, pushSignal) {
      pending.push(samples)
      pendingSamples += samples.length
      if (pendingSamples < stepSamples) return null
      const added = concatSamples(pending)
      pending = []
      pendingSamples = 0
      heard = concatSamples([heard, added]).slice(-readSamples)
      heardMs += added.length / 16
      for (const scores of await stream.push(added, pushSignal)) {
        tellScore(scores)
        if (likely) likely.stepsLeft--
        const phrase = trigger.push(scores, heardMs)
        if (phrase && ownSpeech.isPlaying())
          onEvent({ type: "rejected", phraseId: phrase.id, reason: "own-speech", text: "" })
        else if (phrase) likely ??= { phrase, stepsLeft: stepsToEnd }
      }
      if (likely === null || likely.stepsLeft > 0) return null
      const { phrase: found } = likely
      likely = null
      const refused = await refusal(found)
      if (refused) {
        onEvent({ type: "rejected", phraseId: found.id, ...refused })
        return null
      }
      onEvent({ type: "detected", phraseId: found.id, phrase: found.phrase })
      return found
    },
    close: () => stream.close().catch(() => undefined),
  }
}
