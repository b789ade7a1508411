import { readFile } from "node:fs/promises"
import { Tokenizer } from "@huggingface/tokenizers"
import { AppError } from "#core/errors.ts"

export interface TextTokenizer {
  /** Token ids with the model's marks, `maxTokens` at most; the closing mark stays. */
  encode(text: string, maxTokens: number): number[]
  count(text: string): number
}

/** No text within any embedder's window is longer; what lies behind would only cost time. */
const charactersPerToken = 24

/**
 * Reads a Hugging Face tokenizer.json. Its own truncation and padding (MiniLM's says 128) are ignored: the caller cuts.
 * Throws `model.missing` or `model.corrupt`.
 */
export async function loadTokenizer(path: string): Promise<TextTokenizer> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new AppError("model.missing", "The model's tokenizer cannot be read.", {
      remedy: "Run `zenglow models pull`.",
      cause,
    })
  })
  let tokenizer: Tokenizer
  try {
    const definition = JSON.parse(text) as Record<string, unknown>
    tokenizer = new Tokenizer({ ...definition, truncation: null, padding: null }, {})
    tokenizer.encode("check")
  } catch (cause) {
    throw new AppError("model.corrupt", "The model's tokenizer cannot be used.", {
      remedy: "Run `zenglow models verify`, then pull the model again.",
      cause,
    })
  }
  return {
    encode(content, maxTokens) {
      const { ids } = tokenizer.encode(content.slice(0, maxTokens * charactersPerToken))
      const closing = ids.at(-1)
      return ids.length > maxTokens && closing !== undefined ? [...ids.slice(0, maxTokens - 1), closing] : ids
    },
    count: (content) => tokenizer.encode(content).ids.length,
  }
}
