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
