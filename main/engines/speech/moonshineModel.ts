import { type InferenceSession, Tensor } from "onnxruntime-node"
import { openSession } from "../onnx/session.ts"
import type { Decoded, MoonshineFiles } from "./contract.ts"
import { endToken, readVocabulary, startToken, textOf } from "./moonshineTokens.ts"
import { cutUnfinishedRepetition, repetitionLength } from "./repetition.ts"

/** Moonshine tiny-en (MIT; arXiv 2410.15608): an encoder over raw samples and a merged decoder with cached keys and values. */
export interface MoonshineModel {
  /** Greedy decode of up to 30 s. Checks the signal between tokens. */
  transcribe(samples: Float32Array, draft: readonly number[], signal: AbortSignal): Promise<Decoded>
  release(): Promise<void>
}

const layers = 6
const heads = 8
const headSize = 36
const vocabularySize = 32_768
const sampleRate = 16_000
/** The encoder's strided convolutions need this many samples for one frame. */
const minimumSamples = 1_500
/** Faster speech than this is a loop of numbers. */
const tokensPerSecond = 6.5
const minimumTokens = 4

/** Throws `model.missing`, `model.corrupt` or `model.incompatible`. */
export async function loadMoonshine(files: MoonshineFiles): Promise<MoonshineModel> {
  const vocabulary = await readVocabulary(files.tokenizerPath)
  // One thread: the graphs are too small to share, and the other cores belong to the language model.
  const encoder = await openSession(files.encoderPath, { threads: 1, inputs: ["input_values", "attention_mask"] })
  const decoder = await openSession(files.decoderPath, {
    threads: 1,
    inputs: ["input_ids", "encoder_hidden_states", "encoder_attention_mask", "use_cache_branch"],
  }).catch(async (error) => {
    await encoder.release()
    throw error
  })

  return {
    async transcribe(samples, draft, signal) {
      const input = padded(samples)
      const hidden = await encode(encoder, input)
      const cap = Math.max(minimumTokens, Math.ceil((tokensPerSecond * input.length) / sampleRate) + 1)
      const { tokens, logProbability, ended } = await decodeGreedily(decoder, hidden, draft, cap, signal)
      return {
        text: textOf(vocabulary, tokens),
        tokens,
        meanLogProbability: logProbability,
        ended,
      }
    },
    async release() {
      await encoder.release()
      await decoder.release()
    },
  }
}

function padded(samples: Float32Array): Float32Array {
  if (samples.length >= minimumSamples) return samples
  const longer = new Float32Array(minimumSamples)
  longer.set(samples)
  return longer
}

async function encode(encoder: InferenceSession, samples: Float32Array): Promise<Tensor> {
  const output = await encoder.run({
    input_values: new Tensor("float32", samples, [1, samples.length]),
    attention_mask: new Tensor("int64", new BigInt64Array(samples.length).fill(1n), [1, samples.length]),
  })
  return output.last_hidden_state as Tensor
}

async function decodeGreedily(
  decoder: InferenceSession,
  hidden: Tensor,
  draft: readonly number[],
  cap: number,
  signal: AbortSignal,
): Promise<{ tokens: number[]; logProbability: number; ended: Decoded["ended"] }> {
  const checked = draft.slice(0, cap - 1)
  const feeds = firstFeeds(hidden, [startToken, ...checked])
  let output = await decoder.run(feeds)
  keepPast(feeds, output, ["decoder", "encoder"])
  feeds.use_cache_branch = new Tensor("bool", Uint8Array.of(1), [1])

  const tokens: number[] = []
  let sum = 0
  let best = bestToken(output.logits as Tensor, 0)
  // Draft tokens that greedy decoding would have chosen too are taken over; the rest of their cache is cut away.
  while (tokens.length < checked.length && checked[tokens.length] === best.token) {
    tokens.push(best.token)
    sum += best.logProbability
    best = bestToken(output.logits as Tensor, tokens.length)
  }
  if (checked.length > tokens.length) cropPast(feeds, tokens.length + 1)

  let ended: Decoded["ended"] = "cap"
  let steps = tokens.length
  for (;;) {
    sum += best.logProbability
    steps++
    if (best.token === endToken) {
      ended = "end-mark"
      break
    }
    tokens.push(best.token)
    const repeated = repetitionLength(tokens)
    if (repeated > 0) {
      tokens.length -= repeated
      ended = "repetition"
      break
    }
    if (tokens.length >= cap) break
    signal.throwIfAborted()
    feeds.input_ids = new Tensor("int64", BigInt64Array.of(BigInt(best.token)), [1, 1])
    output = await decoder.run(feeds, laterOutputs)
    keepPast(feeds, output, ["decoder"])
    best = bestToken(output.logits as Tensor, 0)
  }
  if (ended === "cap") tokens.length = cutUnfinishedRepetition(tokens)
  return { tokens, logProbability: sum / steps, ended }
}

const kinds = ["key", "value"] as const
const laterOutputs = [
  "logits",
  ...Array.from({ length: layers }, (_, layer) => kinds.map((kind) => `present.${layer}.decoder.${kind}`)).flat(),
]

function firstFeeds(hidden: Tensor, tokens: readonly number[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor("int64", BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
    encoder_hidden_states: hidden,
    // The graph's mask counts samples and throws past 9.2 s when given frames; a single one means "all of it".
    encoder_attention_mask: new Tensor("int64", BigInt64Array.of(1n), [1, 1]),
    use_cache_branch: new Tensor("bool", Uint8Array.of(0), [1]),
  }
  for (let layer = 0; layer < layers; layer++)
    for (const part of ["decoder", "encoder"])
      for (const kind of kinds)
        feeds[`past_key_values.${layer}.${part}.${kind}`] = new Tensor("float32", new Float32Array(0), [
          0,
          heads,
          1,
          headSize,
        ])
  return feeds
}

function keepPast(
  feeds: Record<string, Tensor>,
  output: InferenceSession.ReturnType,
  parts: readonly ("decoder" | "encoder")[],
): void {
  for (let layer = 0; layer < layers; layer++)
    for (const part of parts)
      for (const kind of kinds)
        feeds[`past_key_values.${layer}.${part}.${kind}`] = output[`present.${layer}.${part}.${kind}`] as Tensor
}

function cropPast(feeds: Record<string, Tensor>, length: number): void {
  for (let layer = 0; layer < layers; layer++)
    for (const kind of kinds) {
      const name = `past_key_values.${layer}.decoder.${kind}`
      const past = feeds[name] as Tensor
      const full = past.dims[2] ?? 0
      const data = past.data as Float32Array
      const kept = new Float32Array(heads * length * headSize)
      for (let head = 0; head < heads; head++) {
        const from = head * full * headSize
        kept.set(data.subarray(from, from + length * headSize), head * length * headSize)
      }
      feeds[name] = new Tensor("float32", kept, [1, heads, length, headSize])
    }
}

/** The likeliest token of one row and its natural log-probability. */
function bestToken(logits: Tensor, row: number): { token: number; logProbability: number } {
  const all = logits.data as Float32Array
  const values = all.subarray(row * vocabularySize, (row + 1) * vocabularySize)
  let token = 0
  let highest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < vocabularySize; index++) {
    const value = values[index] as number
    if (value > highest) {
      highest = value
      token = index
    }
  }
  let total = 0
  // e^−16 is below what a float of the sum can hold: most of the vocabulary needs no exponential.
  for (let index = 0; index < vocabularySize; index++) {
    const distance = (values[index] as number) - highest
    if (distance > -16) total += Math.exp(distance)
  }
  return { token, logProbability: -Math.log(total) }
}
