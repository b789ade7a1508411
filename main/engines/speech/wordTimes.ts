import type { SpeechRegion, TranscriptWord } from "../types.ts"

/** A short word takes longer than its letters say. */
const lettersOfAnyWord = 2
const lettersOfAComma = 2
const lettersOfAFullStop = 4

/**
 * Where the words of a segment lie: the time in which somebody speaks, shared out by the letters of each word, with a little more behind
 * punctuation. An estimate: neither model tells times of words.
 */
export function wordTimes(
  text: string,
  { startMs, endMs }: { startMs: number; endMs: number },
  regions: readonly SpeechRegion[],
): TranscriptWord[] {
  const words = text.split(/\s+/).filter((word) => word !== "")
  if (words.length === 0) return []
  const spoken = regions
    .map((region) => ({ startMs: Math.max(startMs, region.startMs), endMs: Math.min(endMs, region.endMs) }))
    .filter((region) => region.endMs > region.startMs)
  if (spoken.length === 0) spoken.push({ startMs, endMs })
  const totalMs = spoken.reduce((sum, region) => sum + region.endMs - region.startMs, 0)
  const weights = words.map((word) => word.length + lettersOfAnyWord + pauseOf(word))
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0)
  let passed = 0
  return words.map((word, index) => {
    const from = passed
    const weight = weights[index] as number
    passed += weight
    const sounding = passed - (index < words.length - 1 ? pauseOf(word) : 0)
    return {
      word,
      startMs: Math.round(placeOf((from / totalWeight) * totalMs, spoken, "start")),
      endMs: Math.round(placeOf((sounding / totalWeight) * totalMs, spoken, "end")),
    }
  })
}

const pauseOf = (word: string): number =>
  /[.!?]["'”’)]*$/.test(word) ? lettersOfAFullStop : /[,;:]$/.test(word) ? lettersOfAComma : 0

/** The time in the recording at which so much of the speech has passed. */
function placeOf(passedMs: number, spoken: readonly SpeechRegion[], edge: "start" | "end"): number {
  let rest = passedMs
  for (const { startMs, endMs } of spoken) {
    const length = endMs - startMs
    if (edge === "start" ? rest < length : rest <= length) return startMs + rest
    rest -= length
  }
  return spoken.at(-1)?.endMs ?? 0
}
