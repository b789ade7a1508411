import type { TextToSpeech } from "#engines/types.ts"

/** What the product itself says, and for how long it is still to be heard. */
export interface OwnSpeech {
  /** Something was made to be spoken: it is played after whatever still plays. */
  note(text: string, durationMs: number): void
  isPlaying(): boolean
  /** What was said within the last seconds, or still is. */
  recent(): string
}

/** Rooms and loudspeakers are not silent at once, and windows buffer. */
const tailMs = 1000
/** So long after it was played, what was said may still come back as an echo. */
const recentMs = 10_000

/** @param now Monotonic milliseconds. */
export function createOwnSpeech(now: () => number): OwnSpeech {
  let spoken: { text: string; endsAt: number }[] = []
  return {
    note(text, durationMs) {
      const at = now()
      spoken = spoken.filter(({ endsAt }) => endsAt + recentMs > at)
      spoken.push({ text, endsAt: Math.max(at, spoken.at(-1)?.endsAt ?? at) + durationMs })
    },
    isPlaying: () => (spoken.at(-1)?.endsAt ?? Number.NEGATIVE_INFINITY) + tailMs > now(),
    recent: () =>
      spoken
        .filter(({ endsAt }) => endsAt + recentMs > now())
        .map(({ text }) => text)
        .join(" "),
  }
}

/** The same voice; what it says is noted. */
export const noting = (tts: TextToSpeech, ownSpeech: Pick<OwnSpeech, "note">): TextToSpeech => ({
  ...tts,
  async synthesize(text, options, signal) {
    const speech = await tts.synthesize(text, options, signal)
    ownSpeech.note(text, (speech.samples.length * 1000) / speech.sampleRate)
    return speech
  },
})
