import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { gunzip } from "node:zlib"
import { type InferenceSession, Tensor } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"
import { openSession } from "../../onnx/session.ts"
import { createLexicon, type LexiconEntry } from "./lexicon.ts"
import { normalizeLoudness } from "./loudness.ts"
import { createNormalizer, type NormalizationTables } from "./normalize.ts"
import { createPhonemizer } from "./phonemize.ts"
import { splitIntoSentences, splitPhonemes } from "./splitForSynthesis.ts"
import { sampleRate, synthesizeWave } from "./synthesizeWave.ts"
import { createTagger, type TaggerModel } from "./tag.ts"
import { createTokenizer } from "./tokenize.ts"
import { createUnknownWordReader, type UnknownWordsAlphabet } from "./unknownWords.ts"

/** One loaded Hibari voice: text to 24 kHz speech on one thread. */
export interface HibariModel {
  /** Phoneme strings, one per clause that the network is given. */
  phonemize(text: string): Promise<string[]>
  /** Checks the signal between clauses. Text without anything to say gives no samples. */
  synthesize(text: string, rate: number, signal: AbortSignal): Promise<Float32Array>
  release(): Promise<void>
}

/** Silence between sentences of one request, in seconds. */
const sentencePauseSeconds = 0.15

/**
 * Loads the pronunciation data and the two networks.
 *
 * @param dir Folder of the `hibari-heart` catalog entry. @param voiceFile The voice's network in it.
 * Throws `model.missing`, `model.corrupt` or `model.incompatible`.
 */
export async function loadHibari(dir: string, voiceFile: string): Promise<HibariModel> {
  const data = await readData(dir)
  const network = await openSession(join(dir, voiceFile), { threads: 1, inputs: ["ids", "speed"] })
  const unknownWords = await openSession(join(dir, "oov.onnx"), { threads: 1, inputs: ["chars"] }).catch(
    async (error) => {
      await network.release()
      throw error
    },
  )
  const toPhonemes = createPhonemizer({
    normalize: createNormalizer(data.tables),
    tokenize: createTokenizer(data.exceptions),
    tag: createTagger(data.tagger),
    lexicon: createLexicon(data.gold, data.silver),
    readUnknown: createUnknownWordReader(unknownWords, data.alphabet),
  })
  const titles = new Set(Object.keys(data.tables.titles))
  const ids = new Map(Object.entries(data.vocabulary))

  const phonemize = async (text: string): Promise<string[]> => {
    const pieces: string[] = []
    for (const sentence of splitIntoSentences(text, titles)) pieces.push(...splitPhonemes(await toPhonemes(sentence)))
    return pieces
  }
  return {
    phonemize,
    async synthesize(text, rate, signal) {
      const waves: Float32Array[] = []
      for (const phonemes of await phonemize(text)) {
        signal.throwIfAborted()
        const known = [...phonemes].map((phoneme) => ids.get(phoneme)).filter((id) => id !== undefined)
        if (known.length > 0) waves.push(await runNetwork(network, [0, ...known, 0], rate))
      }
      signal.throwIfAborted()
      const samples = joined(waves)
      normalizeLoudness(samples)
      return samples
    },
    async release() {
      await network.release()
      await unknownWords.release()
    },
  }
}

async function runNetwork(network: InferenceSession, ids: readonly number[], rate: number): Promise<Float32Array> {
  const output = await network.run({
    ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    speed: new Tensor("float32", Float32Array.of(rate), [1]),
  })
  const [harmonicLog, harmonicPhase, noiseLog, freeLog, freePhase, pitch] = network.outputNames.map((name) => {
    const data = output[name]?.data
    if (data instanceof Float32Array) return data
    throw new AppError("model.incompatible", `The voice's output ${name} is of another kind.`, {
      remedy: "Choose a voice from `zenglow models list`.",
    })
  })
  if (!harmonicLog || !harmonicPhase || !noiseLog || !freeLog || !freePhase || !pitch)
    throw new AppError("model.incompatible", "The voice's network has too few outputs.", {
      remedy: "Choose a voice from `zenglow models list`.",
    })
  const spectra = { frames: pitch.length, harmonicLog, harmonicPhase, noiseLog, freeLog, freePhase, pitch }
  // A fixed seed: the same sentence always sounds the same.
  return synthesizeWave(spectra, ids.length)
}

function joined(waves: readonly Float32Array[]): Float32Array {
  const pause = Math.round(sentencePauseSeconds * sampleRate)
  const length = waves.reduce((sum, wave) => sum + wave.length, 0) + pause * Math.max(0, waves.length - 1)
  const samples = new Float32Array(length)
  let at = 0
  for (const wave of waves) {
    samples.set(wave, at)
    at += wave.length + pause
  }
  return samples
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
