import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import { AppError } from "#core/errors.ts"
import { openSession } from "../../onnx/session.ts"
import type { Pronunciations } from "../voiceModel.ts"
import { createLexicon, type LexiconEntry } from "./lexicon.ts"
import { misakiOf } from "./misaki.ts"
import { createNormalizer, type NormalizationTables } from "./normalize.ts"
import { createPhonemizer } from "./phonemize.ts"
import { splitIntoSentences, splitPhonemes } from "./splitForSynthesis.ts"
import { createTagger, type TaggerModel } from "./tag.ts"
import { createTokenizer } from "./tokenize.ts"
import { createUnknownWordReader, type UnknownWordsAlphabet } from "./unknownWords.ts"

/** American English text → phonemes of the alphabet that Kokoro and the voices made from it were trained with. */
export interface EnglishReader {
  /** Phoneme strings, one per clause that a network is given. `own`: words that are read another way than the lexicon has them. */
  phonemize(text: string, own: Pronunciations): Promise<string[]>
  /** Ids of the known phonemes, with the marks around them. Empty: there is nothing to say. */
  idsOf(phonemes: string): number[]
  release(): Promise<void>
}

/** @param dir Folder with the pronunciation data of the `hibari-tts` package. Throws `model.missing`, `model.corrupt`. */
export async function loadEnglishReader(dir: string): Promise<EnglishReader> {
  const data = await readData(dir)
  const unknownWords = await openSession(join(dir, "oov.onnx"), { threads: 1, inputs: ["chars"] })
  const lexicon = createLexicon(data.gold, data.silver)
  let ownWords = new Map<string, string>()
  const toPhonemes = createPhonemizer({
    normalize: createNormalizer(data.tables),
    tokenize: createTokenizer(data.exceptions),
    tag: createTagger(data.tagger),
    lexicon: {
      ...lexicon,
      word: (word, tag, stress, context) =>
        ownWords.get(word.toLowerCase()) ?? lexicon.word(word, tag, stress, context),
    },
    readUnknown: createUnknownWordReader(unknownWords, data.alphabet),
  })
  const titles = new Set(Object.keys(data.tables.titles))
  const ids = new Map(Object.entries(data.vocabulary))
  return {
    async phonemize(text, own) {
      // Requests come one after the other.
      ownWords = new Map(Object.entries(own).map(([word, ipa]) => [word, misakiOf(ipa)]))
      const pieces: string[] = []
      for (const sentence of splitIntoSentences(text, titles)) pieces.push(...splitPhonemes(await toPhonemes(sentence)))
      return pieces
    },
    idsOf(phonemes) {
      const known = [...phonemes].map((phoneme) => ids.get(phoneme)).filter((id) => id !== undefined)
      return known.length === 0 ? [] : [0, ...known, 0]
    },
    release: () => unknownWords.release(),
  }
}

async function readData(dir: string) {
  const read = <T>(name: string): Promise<T> => readJson(join(dir, name))
  const [tables, exceptions, tagger, gold, silver, alphabet, vocabulary] = await Promise.all([
    read<NormalizationTables>("normalize.json"),
    read<Record<string, string[]>>("tokenizer_exceptions.json"),
    read<TaggerModel>("tagger.json.gz"),
    read<Record<string, LexiconEntry>>("lexicon_us_gold.json.gz"),
    read<Record<string, LexiconEntry>>("lexicon_us_silver.json.gz"),
    read<UnknownWordsAlphabet>("oov.json"),
    read<Record<string, number>>("vocab.json"),
  ])
  return { tables, exceptions, tagger, gold, silver, alphabet, vocabulary }
}

/** The files are hash-checked when they are installed, so their shape is trusted here. */
async function readJson<T>(path: string): Promise<T> {
  const bytes = await readFile(path).catch((cause) => {
    throw new AppError("model.missing", "The voice's pronunciation data cannot be read.", {
      remedy: "Run `zenglow models pull`.",
      cause,
    })
  })
  try {
    const plain = path.endsWith(".gz") ? await promisify(gunzip)(bytes) : bytes
    return JSON.parse(plain.toString("utf8")) as T
  } catch (cause) {
    throw new AppError("model.corrupt", "The voice's pronunciation data is damaged.", {
      remedy: "Run `zenglow models verify`, then pull the model again.",
      cause,
    })
  }
}
