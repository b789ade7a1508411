import { readFile } from "node:fs/promises"
import { Tokenizer } from "@huggingface/tokenizers"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { cleanText } from "./cleanText.ts"

/**
 * The checkpoint's own `Whitespace` splitter, spelled out: the library reads its `\w` as ASCII alone and would cut every word at its
 * accents. These are the word characters of Unicode (UTS 18).
 */
const wordCharacters = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d"
const wordsAndMarks = {
  type: "Split",
  pattern: { Regex: `[${wordCharacters}]+|[^${wordCharacters}\\s]+` },
  behavior: "Removed",
  invert: true,
}

/** Text → the model's tokens. */
export interface XttsTokens {
  encode(text: string, language: string): number[]
}

/** Reads the vocabulary of a checkpoint (a Hugging Face BPE). Throws `model.corrupt`. */
export async function readXttsTokens(path: string): Promise<XttsTokens> {
  try {
    const vocabulary = z.looseObject({}).parse(JSON.parse(await readFile(path, "utf8")))
    const tokenizer = new Tokenizer({ ...vocabulary, pre_tokenizer: wordsAndMarks }, {})
    return {
      encode: (text, language) =>
        tokenizer.encode(`[${language}]${cleanText(text.trim(), language)}`.replaceAll(" ", "[SPACE]")).ids,
    }
  } catch (cause) {
    throw new AppError("model.corrupt", "The voice model's vocabulary cannot be read.", {
      remedy: "Export the checkpoint again and import the folder.",
      cause,
    })
  }
}

/** Characters of one piece at most: longer ones are cut off in the middle by the model (the original's limits, the least of them). */
const longestPiece = 160

/** A text in pieces that the model says whole: at a pause where there is one, else between words. */
export function piecesForXtts(text: string): string[] {
  const pieces: string[] = []
  let rest = text.trim()
  while (rest.length > longestPiece) {
    const window = rest.slice(0, longestPiece)
    const pause = Math.max(...[", ", "; ", ": ", " – ", "، "].map((mark) => window.lastIndexOf(mark)))
    const space = window.lastIndexOf(" ")
    const at = pause > longestPiece / 3 ? pause + 1 : space > 0 ? space : longestPiece
    pieces.push(rest.slice(0, at).trim())
    rest = rest.slice(at).trim()
  }
  return rest === "" ? pieces : [...pieces, rest]
}
