import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type InferenceSession, Tensor } from "onnxruntime-node"
import { AppError } from "#core/errors.ts"
import { openSession } from "../../onnx/session.ts"
import { loadEnglishVoice } from "../hibari/englishVoice.ts"
import type { VoiceModel } from "../voiceModel.ts"

const sampleRate = 24_000
/** A voice is one style vector for each number of phonemes. */
const styleSize = 256
const styleCount = 510
/** The graph's own silence before and after a clause is shortened to this. */
const edgeSeconds = 0.04
const edgeFloor = 0.004

/**
 * Loads Kokoro-82M (Apache-2.0), whose voices share one network. https://huggingface.co/hexgrad/Kokoro-82M
 *
 * @param dir Folder of the `kokoro-82m` catalog entry.
 * Throws `model.missing`, `model.corrupt` or `model.incompatible`.
 */
export async function loadKokoro(
  dir: string,
  { weights, threads }: { weights: string; threads: number },
): Promise<VoiceModel> {
  const voices = new Map<string, Promise<Float32Array>>()
  const stylesOf = (path: string): Promise<Float32Array> => {
    const known = voices.get(path) ?? readStyles(path)
    voices.set(path, known)
    known.catch(() => voices.delete(path))
    return known
  }
  return loadEnglishVoice(dir, {
    sampleRate,
    openNetwork: () => openSession(join(dir, weights), { threads, inputs: ["tokens", "style", "speed"] }),
    async speaker(network, { rate, stylePath }) {
      if (stylePath === null) throw new AppError("tts.unknown-voice", "This model speaks in named voices only.")
      const styles = await stylesOf(stylePath)
      return async (ids) => trimmed(await runNetwork(network, ids.slice(0, styleCount + 1), styles, rate))
    },
  })
}

async function runNetwork(
  network: InferenceSession,
  ids: readonly number[],
  styles: Float32Array,
  rate: number,
): Promise<Float32Array> {
  // The marks around the phonemes do not count.
  const place = Math.min(styleCount - 1, ids.length - 2) * styleSize
  const output = await network.run({
    tokens: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    style: new Tensor("float32", styles.slice(place, place + styleSize), [1, styleSize]),
    speed: new Tensor("float32", Float32Array.of(rate), [1]),
  })
  const audio = output[network.outputNames[0] ?? ""]?.data
  if (audio instanceof Float32Array) return audio
  throw new AppError("model.incompatible", "The voice's output is of another kind.", {
    remedy: "Choose a voice from `zenglow models list`.",
  })
}

async function readStyles(path: string): Promise<Float32Array> {
  const bytes = await readFile(path).catch((cause) => {
    throw new AppError("model.missing", "The voice's file cannot be read.", {
      remedy: "Run `zenglow models pull kokoro-82m`.",
      cause,
    })
  })
  if (bytes.byteLength === styleCount * styleSize * 4)
    // Copy: a file's buffer need not begin at a multiple of four.
    return new Float32Array(Uint8Array.from(bytes).buffer)
  throw new AppError("model.corrupt", "The voice's file is damaged.", {
    remedy: "Run `zenglow models verify`, then pull the model again.",
  })
}

function trimmed(wave: Float32Array): Float32Array {
  const edge = Math.round(edgeSeconds * sampleRate)
  let start = 0
  while (start < wave.length && Math.abs(wave[start] as number) < edgeFloor) start++
  let end = wave.length
  while (end > start && Math.abs(wave[end - 1] as number) < edgeFloor) end--
  return wave.subarray(Math.max(0, start - edge), Math.min(wave.length, end + edge))
}
