import { readFile } from "node:fs/promises"
import { deflateSync } from "node:zlib"
import { type InferenceSession, Tensor } from "onnxruntime-node"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { openSession } from "../onnx/session.ts"
import type { WhisperDecoded, WhisperFiles, WhisperTask } from "./contract.ts"
import { cutUnfinishedRepetition, repetitionLength } from "./repetition.ts"
import { whisperMel } from "./whisperMel.ts"
import { createWhisperRules, type WhisperRules } from "./whisperRules.ts"
import { readWhisperVocabulary, type WhisperVocabulary } from "./whisperVocabulary.ts"

/** Whisper (MIT; arXiv 2212.04356) as our own conversion writes it: an encoder over log mel and a decoder with cached keys and values. */
export interface WhisperModel {
  /** Greedy decode of one window of up to 30 s. Checks the signal between tokens. */
  transcribe(samples: Float32Array, task: WhisperTask, signal: AbortSignal): Promise<WhisperDecoded>
  release(): Promise<void>
}

const sampleRate = 16_000
const bins = 80
const windowFrames = 3000
const headSize = 64
/** The decoder's positions; half of them belong to the prompt. */
const contextTokens = 448
const promptTokens = contextTokens / 2 - 1
const longestText = contextTokens / 2
/** Faster speech than this is a loop. Scripts of several tokens to a letter reach 15. */
const tokensPerSecond = 20
const minimumTokens = 12
const msPerStamp = 20

const settings = z.object({
  suppress_ids: z.array(z.number().int()),
  suppress_ids_begin: z.array(z.number().int()),
})

/** Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function loadWhisper(files: WhisperFiles): Promise<WhisperModel> {
  const vocabulary = await readWhisperVocabulary(files.tokenizerPath)
  const suppressed = await readSuppressed(files.configPath)
  const options = { threads: files.threads }
  const encoder = await openSession(files.encoderPath, { ...options, inputs: ["mel"] })
  const decoder = await openSession(files.decoderPath, {
    ...options,
    inputs: ["ids", "past.0.key", "cross.0.key"],
  }).catch(async (error) => {
    await encoder.release()
    throw error
  })
  const graph = readShape(decoder)

  return {
    async transcribe(samples, task, signal) {
      const cross = await encode(encoder, samples)
      signal.throwIfAborted()
      const decoding = startDecoding(decoder, graph, cross)
      const { marks } = vocabulary
      const before = promptOf(task.prompt, vocabulary)
      const atStart = await decoding.step([...before, marks.start])
      const noSpeechProbability = probabilityOf(atStart, marks.noSpeech)
      const heard = await languageOf(task.language, vocabulary, async () =>
        before.length === 0 ? atStart : startDecoding(decoder, graph, cross).step([marks.start]),
      )
      const opening = vocabulary.isMultilingual
        ? [vocabulary.languages.get(heard.language) ?? 0, task.isTranslation ? marks.translate : marks.transcribe]
        : []
      if (!task.hasTimestamps) opening.push(marks.noTimestamps)
      const logits = opening.length > 0 ? await decoding.step(opening) : atStart
      const cap = Math.min(
        longestText,
        Math.max(minimumTokens, Math.ceil((tokensPerSecond * samples.length) / sampleRate)),
      )
      const rules = createWhisperRules(vocabulary, suppressed, task.hasTimestamps)
      const decoded = await decodeGreedily(decoding, logits, rules, { cap, end: marks.end }, signal)
      const words = decoded.tokens.filter((token) => token < marks.end)
      const text = vocabulary.textOf(words).trim()
      return {
        text,
        segments: task.hasTimestamps
          ? segmentsOf(decoded.tokens, vocabulary, (samples.length * 1000) / sampleRate)
          : [],
        tokens: words,
        meanLogProbability: decoded.logProbability,
        ended: decoded.ended,
        noSpeechProbability,
        compressionRatio: compressionRatio(text),
        ...heard,
      }
    },
    async release() {
      await encoder.release()
      await decoder.release()
    },
  }
}

async function readSuppressed(path: string): Promise<{ always: number[]; first: number[] }> {
  try {
    const { suppress_ids, suppress_ids_begin } = settings.parse(JSON.parse(await readFile(path, "utf8")))
    return { always: suppress_ids, first: suppress_ids_begin }
  } catch (cause) {
    throw new AppError("model.corrupt", "The model's settings cannot be read.", {
      remedy: "Run `zenglow models verify`, then pull the model again.",
      cause,
    })
  }
}

interface Shape {
  layers: number
  heads: number
}

function readShape(decoder: InferenceSession): Shape {
  const layers = decoder.inputNames.filter((name) => /^past\.\d+\.key$/.test(name)).length
  const first = decoder.inputMetadata.find(({ name }) => name === "past.0.key")
  const heads = first?.isTensor ? first.shape[1] : undefined
  if (typeof heads !== "number")
    throw new AppError("model.incompatible", "The model's decoder is of another kind.", {
      remedy: "Choose a model from `zenglow models list`.",
    })
  return { layers, heads }
}

type Cross = Record<string, Tensor>

/** Keys and values of one window for the decoder. What is shorter is followed by nothing, as the model learned it. */
async function encode(encoder: InferenceSession, samples: Float32Array): Promise<Cross> {
  const mel = windowMel(samples)
  const names = encoder.outputNames.filter((name) => name.startsWith("cross."))
  const output = await encoder.run({ mel: new Tensor("float32", mel, [1, bins, windowFrames]) }, names)
  return output as Cross
}

function windowMel(samples: Float32Array): Float32Array {
  const own = whisperMel(samples)
  const frames = own.length / bins
  const mel = new Float32Array(bins * windowFrames)
  for (let bin = 0; bin < bins; bin++)
    mel.set(own.subarray(bin * frames, bin * frames + Math.min(frames, windowFrames)), bin * windowFrames)
  return mel
}

interface Decoding {
  /** Reads tokens and returns the logits of what comes next; they may be written to. */
  step(tokens: readonly number[]): Promise<Float32Array>
}

function startDecoding(decoder: InferenceSession, { layers, heads }: Shape, cross: Cross): Decoding {
  const feeds: Record<string, Tensor> = { ...cross }
  const names = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat()
  for (const name of names) feeds[`past.${name}`] = new Tensor("float32", new Float32Array(0), [1, heads, 0, headSize])
  return {
    async step(tokens) {
      feeds.ids = new Tensor("int64", BigInt64Array.from(tokens, BigInt), [1, tokens.length])
      const output = await decoder.run(feeds)
      for (const name of names) feeds[`past.${name}`] = output[`present.${name}`] as Tensor
      return (output.logits as Tensor).data as Float32Array
    },
  }
}

/** What went before, cut to its end: the model takes up its spelling of names. */
function promptOf(prompt: string, { marks, encode }: WhisperVocabulary): number[] {
  const text = prompt.trim()
  return text === "" ? [] : [marks.previous, ...encode(` ${text}`).slice(-promptTokens)]
}

async function languageOf(
  wanted: string | null,
  { isMultilingual, languages }: WhisperVocabulary,
  logitsAtStart: () => Promise<Float32Array>,
): Promise<{ language: string; languageProbability: number }> {
  if (!isMultilingual) return { language: "en", languageProbability: 1 }
  if (wanted !== null && languages.has(wanted)) return { language: wanted, languageProbability: 1 }
  const logits = await logitsAtStart()
  let language = "en"
  let highest = Number.NEGATIVE_INFINITY
  for (const [code, id] of languages)
    if ((logits[id] as number) > highest) {
      highest = logits[id] as number
      language = code
    }
  let sum = 0
  for (const id of languages.values()) sum += Math.exp((logits[id] as number) - highest)
  return { language, languageProbability: 1 / sum }
}

async function decodeGreedily(
  decoding: Decoding,
  first: Float32Array,
  rules: WhisperRules,
  { cap, end }: { cap: number; end: number },
  signal: AbortSignal,
): Promise<{ tokens: number[]; logProbability: number; ended: WhisperDecoded["ended"] }> {
  const tokens: number[] = []
  let logits = first
  let sum = 0
  let steps = 0
  for (;;) {
    rules.apply(logits, tokens)
    const { token, logProbability } = best(logits)
    sum += logProbability
    steps++
    if (token === end) return { tokens, logProbability: sum / steps, ended: "end-mark" }
    tokens.push(token)
    const repeated = repetitionLength(tokens)
    if (repeated > 0) {
      tokens.length -= repeated
      return { tokens, logProbability: sum / steps, ended: "repetition" }
    }
    if (tokens.length >= cap) {
      tokens.length = cutUnfinishedRepetition(tokens)
      return { tokens, logProbability: sum / steps, ended: "cap" }
    }
    signal.throwIfAborted()
    logits = await decoding.step([token])
  }
}

function best(logits: Float32Array): { token: number; logProbability: number } {
  let token = 0
  let highest = Number.NEGATIVE_INFINITY
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id] as number
    if (value > highest) {
      highest = value
      token = id
    }
  }
  return { token, logProbability: -Math.log(shareSum(logits, highest)) }
}

function probabilityOf(logits: Float32Array, id: number): number {
  let highest = Number.NEGATIVE_INFINITY
  for (const value of logits) highest = Math.max(highest, value)
  return Math.exp((logits[id] as number) - highest) / shareSum(logits, highest)
}

function shareSum(logits: Float32Array, highest: number): number {
  let sum = 0
  for (let id = 0; id < logits.length; id++) {
    const distance = (logits[id] as number) - highest
    // What is rarer than e^−16 does not show in the sum.
    if (distance > -16) sum += Math.exp(distance)
  }
  return sum
}

/** Text between two marks of time, in milliseconds of the window. */
function segmentsOf(
  tokens: readonly number[],
  { marks, textOf }: WhisperVocabulary,
  lengthMs: number,
): WhisperDecoded["segments"] {
  const segments: WhisperDecoded["segments"] = []
  const at = (stamp: number): number => Math.min(lengthMs, (stamp - marks.firstTimestamp) * msPerStamp)
  let startMs = 0
  let words: number[] = []
  const close = (endMs: number): void => {
    const text = textOf(words).trim()
    if (text !== "") segments.push({ startMs, endMs, text })
    words = []
    startMs = endMs
  }
  for (const token of tokens) {
    if (token < marks.firstTimestamp) words.push(token)
    else if (words.length > 0) close(at(token))
    else startMs = at(token)
  }
  close(lengthMs)
  return segments
}

/** Bytes of the text for each byte it takes compressed: text that says the same again and again is above 2.4. */
function compressionRatio(text: string): number {
  const bytes = Buffer.from(text)
  return bytes.length === 0 ? 0 : bytes.length / deflateSync(bytes).length
}
