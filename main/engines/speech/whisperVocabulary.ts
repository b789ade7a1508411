import { readFile } from "node:fs/promises"
import { Tokenizer } from "@huggingface/tokenizers"
import { AppError } from "#core/errors.ts"

/** Whisper's byte-level tokens and its marks, read from tokenizer.json. */
export interface WhisperVocabulary {
  isMultilingual: boolean
  marks: {
    end: number
    start: number
    translate: number
    transcribe: number
    /** Opens the text that went before. */
    previous: number
    noSpeech: number
    noTimestamps: number
    /** 0.00 s; each later id is 20 ms more. */
    firstTimestamp: number
  }
  /** Token by language code ("en"). */
  languages: ReadonlyMap<string, number>
  textOf(tokens: readonly number[]): string
  /** Tokens of text that is put before what is heard. */
  encode(text: string): number[]
}

/** Throws `model.missing` or `model.corrupt`. */
export async function readWhisperVocabulary(path: string): Promise<WhisperVocabulary> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new AppError("model.missing", "The model's vocabulary cannot be read.", {
      remedy: "Run `zenglow models pull`.",
      cause,
    })
  })
  try {
    return createVocabulary(JSON.parse(text) as TokenizerFile)
  } catch (cause) {
    throw new AppError("model.corrupt", "The model's vocabulary cannot be used.", {
      remedy: "Run `zenglow models verify`, then pull the model again.",
      cause,
    })
  }
}

interface TokenizerFile {
  model: { vocab: Record<string, number> }
  added_tokens: { id: number; content: string }[]
}

function createVocabulary(file: TokenizerFile): WhisperVocabulary {
  const added = new Map(file.added_tokens.map(({ content, id }) => [content, id]))
  const mark = (name: string): number => {
    const id = added.get(`<|${name}|>`)
    if (id === undefined) throw new Error(`The vocabulary lacks the mark ${name}.`)
    return id
  }
  const end = mark("endoftext")
  const marks = {
    end,
    start: mark("startoftranscript"),
    translate: mark("translate"),
    transcribe: mark("transcribe"),
    previous: mark("startofprev"),
    noSpeech: mark("nocaptions"),
    noTimestamps: mark("notimestamps"),
    firstTimestamp: mark("notimestamps") + 1,
  }
  const languages = new Map<string, number>()
  for (const [content, id] of added)
    if (id > marks.start && id < marks.translate) languages.set(content.slice(2, -2), id)

  const byteOf = bytesByCharacter()
  const bytes: Uint8Array[] = []
  for (const [token, id] of Object.entries(file.model.vocab))
    if (id < end) bytes[id] = Uint8Array.from(token, (character) => byteOf.get(character) ?? 0)
  // Special marks written in a prompt are text like any other.
  const tokenizer = new Tokenizer(
    { ...file, added_tokens: [], truncation: null, padding: null, post_processor: null },
    {},
  )

  return {
    // The English models have one text token less.
    isMultilingual: end === 50_257,
    marks,
    languages,
    textOf: (tokens) =>
      Buffer.concat(tokens.filter((token) => token < end).map((token) => bytes[token] ?? new Uint8Array())).toString(
        "utf8",
      ),
    encode: (text) => tokenizer.encode(text).ids.filter((id: number) => id < end),
  }
}

/** GPT-2 writes bytes as visible characters: printable ones as themselves, the others from U+0100 on. */
function bytesByCharacter(): Map<string, number> {
  const bytes = new Map<string, number>()
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    bytes.set(String.fromCodePoint(isPrintable ? byte : next++), byte)
  }
  return bytes
}
