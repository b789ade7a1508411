import type { WhisperVocabulary } from "./whisperVocabulary.ts"

export interface WhisperRules {
  /** Sets what may not come next to −∞. `tokens`: what was decoded so far, marks of the prompt excluded. */
  apply(logits: Float32Array, tokens: readonly number[]): void
}

const never = Number.NEGATIVE_INFINITY
/** The first word starts within the first second: what is heard is cut at speech. */
const latestFirstStamp = 50

/**
 * Which tokens may follow (openai/whisper `decoding.py`): never marks and the signs of captions, no blank at the start; with timestamps
 * they come in pairs, never go back, and one is due when all of them together are likelier than the likeliest word.
 */
export function createWhisperRules(
  { marks }: Pick<WhisperVocabulary, "marks">,
  suppressed: { always: readonly number[]; first: readonly number[] },
  hasTimestamps: boolean,
): WhisperRules {
  const { end, firstTimestamp, noTimestamps } = marks
  return {
    apply(logits, tokens) {
      for (const id of suppressed.always) logits[id] = never
      if (tokens.length === 0) for (const id of suppressed.first) logits[id] = never
      logits[noTimestamps] = never
      if (!hasTimestamps) {
        logits.fill(never, firstTimestamp)
        return
      }
      const isStamp = (id: number | undefined): boolean => id !== undefined && id >= firstTimestamp
      const afterStamp = isStamp(tokens.at(-1))
      const afterPair = afterStamp && (tokens.length < 2 || isStamp(tokens.at(-2)))
      if (afterPair) logits.fill(never, firstTimestamp)
      else if (afterStamp) logits.fill(never, 0, end)
      const last = tokens.findLast((id) => isStamp(id))
      if (last !== undefined) logits.fill(never, firstTimestamp, afterStamp && !afterPair ? last : last + 1)
      if (tokens.length === 0) {
        logits.fill(never, 0, firstTimestamp)
        logits.fill(never, firstTimestamp + latestFirstStamp + 1)
        return
      }
      if (isStampDue(logits, firstTimestamp)) logits.fill(never, 0, firstTimestamp)
    },
  }
}

function isStampDue(logits: Float32Array, firstTimestamp: number): boolean {
  let word = never
  for (let id = 0; id < firstTimestamp; id++) word = Math.max(word, logits[id] as number)
  let sum = 0
  for (let id = firstTimestamp; id < logits.length; id++) sum += Math.exp((logits[id] as number) - word)
  return sum > 1
}
