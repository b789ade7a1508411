import { readFile } from "node:fs/promises"
import { AppError } from "#core/errors.ts"

export const startToken = 1
export const endToken = 2
/** Ids from here on are control marks that never show in text. */
const firstControlToken = 32_000
const firstTextToken = 3

export type Vocabulary = readonly Uint8Array[]

/**
 * Reads tokenizer.bin: one record per id, a length (one byte, or two from 128 on: first · 128 + second − 128) and that many bytes.
 * Throws `model.missing` or `model.corrupt`.
 */
export async function readVocabulary(path: string): Promise<Vocabulary> {
  const bytes = await readFile(path).catch((cause) => {
    throw new AppError("model.missing", "The model's vocabulary cannot be read.", {
      remedy: "Run `zenglow models pull`.",
      cause,
    })
  })
  const vocabulary: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    let length = bytes[at++] ?? 0
    if (length >= 128) length = (bytes[at++] ?? 0) * 128 + length - 128
    vocabulary.push(bytes.subarray(at, at + length))
    at += length
  }
  if (vocabulary.length < firstControlToken)
    throw new AppError("model.corrupt", "The model's vocabulary is cut off.", {
      remedy: "Run `zenglow models verify`, then pull the model again.",
    })
  return vocabulary
}

/** Text of token ids. `▁` stands for a space; ids may be single bytes of one character. */
export function textOf(vocabulary: Vocabulary, tokens: readonly number[]): string {
  const parts = tokens
    .filter((token) => token >= firstTextToken && token < firstControlToken)
    .map((token) => vocabulary[token] ?? new Uint8Array())
  return Buffer.concat(parts).toString("utf8").replaceAll("▁", " ").trim()
}

/** Tokens to drop when the tail repeats: 1–2 tokens four times over, or 3–8 tokens three times over. 0: no repetition. */
export function repetitionLength(tokens: readonly number[]): number {
  for (let period = 1; period <= 8; period++) {
    const times = period >= 3 ? 3 : 4
    const span = period * times
    if (tokens.length < span) continue
    const tail = tokens.slice(-span)
    if (tail.every((token, index) => index < period || token === tail[index - period])) return period * (times - 1)
  }
  return 0
}

/** Where to cut a decode that ran into its cap: before the second copy of the run or the loose loop that fills its tail. */
export function cutUnfinishedRepetition(tokens: readonly number[]): number {
  return Math.min(cutTailRun(tokens), cutLooseLoop(tokens))
}

/** The tail repeats with a fixed period, the last copy perhaps unfinished. */
function cutTailRun(tokens: readonly number[]): number {
  let cut = tokens.length
  for (let period = 2; period <= 12; period++) {
    let matched = 0
    while (
      matched < tokens.length - period &&
      tokens[tokens.length - 1 - matched] === tokens[tokens.length - 1 - matched - period]
    )
      matched++
    if (matched >= Math.max(3, Math.ceil(period / 2))) cut = Math.min(cut, tokens.length - matched)
  }
  return cut
}

/** Tokens between two copies ("and", a comma) and after the last one, at most. */
const looseness = 2

/** The same 4–12 tokens three times over with up to two others in between, near the end: "1862, and 1862, 1862, and 18". */
function cutLooseLoop(tokens: readonly number[]): number {
  let cut = tokens.length
  for (let size = 4; size <= 12; size++)
    for (let first = 0; first + 3 * size <= cut; first++) {
      const starts = [first]
      for (let at = first + size; at + size <= tokens.length; at++) {
        const last = starts.at(-1) as number
        if (at - last - size > looseness) break
        if (isCopy(tokens, first, at, size)) {
          starts.push(at)
          at += size - 1
        }
      }
      const end = (starts.at(-1) as number) + size
      if (starts.length >= 3 && tokens.length - end <= size + looseness) cut = first + size
    }
  return cut
}

function isCopy(tokens: readonly number[], a: number, b: number, size: number): boolean {
  for (let index = 0; index < size; index++) if (tokens[a + index] !== tokens[b + index]) return false
  return true
}
