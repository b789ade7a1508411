import { type InferenceSession, Tensor } from "onnxruntime-node"
import { concatSamples } from "#core/concatSamples.ts"
import { countRows, interpolate, settledRows } from "./interpolate.ts"
import type { XttsManifest } from "./manifest.ts"

/** Turns latents into sound while they come. */
export interface Vocoder {
  push(latent: Float32Array): void
  /** The sound that no later latent changes; none when there is too little new. */
  take(): Promise<Float32Array>
  /** The rest. */
  end(): Promise<Float32Array>
}

/**
 * Frames that a sample of sound depends on, on each side: the first convolution reaches 3, the blocks of the first upsampling 60 of its
 * eight steps, each later one an eighth of that.
 */
const contextFrames = 16

/**
 * The original makes all sound anew for every piece and fades the seams. Here each piece is made once, with as many frames around it as
 * the network looks at, so that the pieces are the same as in one go.
 */
export function createVocoder(
  decoder: InferenceSession,
  { width, framesPerToken, inputRate, outputRate, hopSamples }: XttsManifest,
  speaker: Float32Array,
  rate: number,
): Vocoder {
  const latents: Float32Array[] = []
  const scales = [1 / rate, framesPerToken, outputRate / inputRate]
  let done = 0

  const make = async (isEnd: boolean): Promise<Float32Array> => {
    let rows = { values: concatSamples(latents), width }
    let settled = latents.length
    for (const scale of scales) {
      settled = isEnd ? Number.POSITIVE_INFINITY : settledRows(settled, scale)
      rows = interpolate(rows, scale)
    }
    const frames = countRows(rows)
    const until = isEnd ? frames : Math.min(frames, settled) - contextFrames
    if (until <= done) return new Float32Array(0)
    const from = Math.max(0, done - contextFrames)
    const to = Math.min(frames, until + contextFrames)
    const window = transposed(rows.values.subarray(from * width, to * width), width)
    const { sound } = await decoder.run({
      latents: new Tensor("float32", window, [1, width, to - from]),
      speaker: new Tensor("float32", speaker, [1, speaker.length, 1]),
    })
    const samples = sound?.data as Float32Array
    const piece = samples.slice((done - from) * hopSamples, (until - from) * hopSamples)
    done = until
    return piece
  }

  return {
    push: (latent) => void latents.push(latent),
    take: () => make(false),
    end: () => make(true),
  }
}

function transposed(values: Float32Array, width: number): Float32Array {
  const rows = values.length / width
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < width; column++) out[column * rows + row] = values[row * width + column] as number
  return out
}
