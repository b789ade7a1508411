import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { Tensor } from "onnxruntime-node"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { openSession } from "../onnx/session.ts"
import { embeddingWidth, windowSteps } from "./wakeFeatures.ts"

/** Hears one phrase: a number 0..1 for the last two seconds. */
export interface WakeHead {
  score(window: Float32Array): Promise<number>
  release(): Promise<void>
}

const layer = z.strictObject({
  inputs: z.number().int().positive(),
  outputs: z.number().int().positive(),
  /** Little-endian float32 in base64, one row of `inputs` per output. */
  weights: z.base64(),
  biases: z.base64(),
})

/**
 * A head of our own as it lies in `models/wake`: each embedding through `step`, what comes out of all of them through `whole`, and that into one
 * number. Between them negative values become zero.
 */
export const wakeHeadFile = z.strictObject({
  format: z.literal("zenglow-wake-head-1"),
  id: z.string(),
  phrase: z.string(),
  /** How speech-to-text may write the phrase. */
  spellings: z.array(z.string()).min(1),
  /** Score from which the phrase counts as heard. */
  threshold: z.number().gt(0).lt(1),
  /** Of each of an embedding's floats, in what it was trained on. */
  mean: z.base64(),
  scale: z.base64(),
  step: layer,
  whole: layer,
  last: layer,
  /** Of the texts of all layers in this order. */
  sha256: z.string(),
  provenance: z.record(z.string(), z.unknown()),
})
export type WakeHeadFile = z.infer<typeof wakeHeadFile>

/** What a head's hash is of. */
export const hashOfHead = ({ mean, scale, step, whole, last }: WakeHeadFile): string =>
  createHash("sha256")
    .update([mean, scale, ...[step, whole, last].flatMap(({ weights, biases }) => [weights, biases])].join("\n"))
    .digest("hex")

/**
 * Opens a head of our own (`.json`) or one made for openWakeWord (`.onnx`). Throws `model.missing`, `model.corrupt`, or
 * `model.incompatible`.
 */
export async function loadWakeHead(path: string): Promise<WakeHead> {
  return path.endsWith(".json") ? createWakeHead(await readHead(path)) : loadOnnxHead(path)
}

/** Throws `model.corrupt` when weights are not what was published, or do not fit each other. */
export function createWakeHead(file: WakeHeadFile): WakeHead {
  if (file.sha256 !== hashOfHead(file)) throw corrupt()
  const mean = floats(file.mean, embeddingWidth)
  const scale = floats(file.scale, embeddingWidth)
  const [step, whole, last] = [dense(file.step), dense(file.whole), dense(file.last)]
  const fits =
    file.step.inputs === embeddingWidth &&
    file.whole.inputs === file.step.outputs * windowSteps &&
    file.last.inputs === file.whole.outputs &&
    file.last.outputs === 1
  if (!fits) throw corrupt()
  const normal = new Float32Array(embeddingWidth)
  const steps = new Float32Array(file.whole.inputs)
  const hidden = new Float32Array(file.whole.outputs)
  const result = new Float32Array(1)
  return {
    async score(window) {
      for (let index = 0; index < windowSteps; index++) {
        for (let at = 0; at < embeddingWidth; at++)
          normal[at] = ((window[index * embeddingWidth + at] ?? 0) - (mean[at] ?? 0)) * (scale[at] ?? 0)
        step(normal, steps.subarray(index * file.step.outputs, (index + 1) * file.step.outputs), true)
      }
      whole(steps, hidden, true)
      last(hidden, result, false)
      return 1 / (1 + Math.exp(-(result[0] ?? 0)))
    },
    release: async () => {},
  }
}

async function loadOnnxHead(path: string): Promise<WakeHead> {
  const session = await openSession(path, { threads: 1, inputs: [] })
  const [input = ""] = session.inputNames
  const [output = ""] = session.outputNames
  return {
    async score(window) {
      const answer = await session.run({ [input]: new Tensor("float32", window, [1, windowSteps, embeddingWidth]) })
      return Number(answer[output]?.data[0])
    },
    release: () => session.release(),
  }
}

async function readHead(path: string): Promise<WakeHeadFile> {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (cause) {
    throw new AppError("model.missing", "The wake phrase's file is not there or cannot be read.", {
      remedy: "Install ZenGlow again, or choose another phrase.",
      cause,
    })
  }
  try {
    return wakeHeadFile.parse(JSON.parse(text))
  } catch (cause) {
    throw corrupt(cause)
  }
}

type Dense = (input: Float32Array, output: Float32Array, isRectified: boolean) => void

function dense({ inputs, outputs, weights, biases }: WakeHeadFile["step"]): Dense {
  const rows = floats(weights, inputs * outputs)
  const offsets = floats(biases, outputs)
  return (input, output, isRectified) => {
    for (let row = 0; row < outputs; row++) {
      let sum = offsets[row] ?? 0
      const start = row * inputs
      for (let at = 0; at < inputs; at++) sum += (rows[start + at] ?? 0) * (input[at] ?? 0)
      output[row] = isRectified && sum < 0 ? 0 : sum
    }
  }
}

function floats(base64: string, count: number): Float32Array {
  const bytes = Buffer.from(base64, "base64")
  if (bytes.length !== count * 4) throw corrupt()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Float32Array.from({ length: count }, (_, index) => view.getFloat32(index * 4, true))
}

const corrupt = (cause?: unknown): AppError =>
  new AppError("model.corrupt", "The wake phrase's file is damaged.", {
    remedy: "Install ZenGlow again, or choose another phrase.",
    cause,
  })
