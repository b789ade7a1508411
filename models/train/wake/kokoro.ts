import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Tensor } from "onnxruntime-node"
import { openSession } from "#engines/onnx/session.ts"
import type { VoiceMaker } from "./voices.ts"

/** Floats of one row of a voice; the row is chosen by the number of phonemes. */
const styleWidth = 256
const longest = 500

/**
 * Kokoro-82M (Apache-2.0) on phonemes of Hibari's reader, which knows the same alphabet. A voice "a+b" lies half way between two voices,
 * "a+b*.3" at 30 % of the way: nobody's voice, and another one each time.
 *
 * @param dir Holds `kokoro.onnx` and one `<voice>.bin` each.
 */
export async function openKokoro(options: {
  dir: string
  voices: readonly string[]
  vocabulary: ReadonlyMap<string, number>
  phonemize(text: string): Promise<string[]>
}): Promise<VoiceMaker> {
  const { dir, voices, vocabulary, phonemize } = options
  const session = await openSession(join(dir, "kokoro.onnx"), { threads: 1, inputs: ["tokens", "style", "speed"] })
  const tables = new Map<string, Float32Array>()
  const table = (voice: string): Float32Array => {
    const known = tables.get(voice)
    if (known) return known
    const bytes = readFileSync(join(dir, `${voice}.bin`))
    const read = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    tables.set(voice, read)
    return read
  }
  const style = (voice: string, row: number): Float32Array => {
    const [pair = "", share = ".5"] = voice.split("*")
    const [first = "", second = first] = pair.split("+")
    const a = table(first).subarray(row * styleWidth, (row + 1) * styleWidth)
    const b = table(second).subarray(row * styleWidth, (row + 1) * styleWidth)
    const way = first === second ? 0 : Number(share)
    return a.map((value, index) => value + way * ((b[index] ?? value) - value))
  }

  return {
    id: "kokoro",
    voices,
    async speak(text, voice, rate) {
      const phonemes = (await phonemize(text)).join(" ")
      const ids = [...phonemes].map((phoneme) => vocabulary.get(phoneme)).filter((id) => id !== undefined)
      const tokens = [0, ...ids.slice(0, longest), 0]
      const output = await session.run({
        tokens: new Tensor("int64", BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
        style: new Tensor("float32", style(voice, tokens.length - 2), [1, styleWidth]),
        speed: new Tensor("float32", [rate], [1]),
      })
      return { samples: Float32Array.from(output.audio?.data as Float32Array), sampleRate: 24_000 }
    },
    close: () => session.release(),
  }
}
