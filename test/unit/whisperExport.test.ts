import { createHash } from "node:crypto"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { describe, expect, it } from "vitest"
import { readCt2Checkpoint } from "../../models/export/ct2Checkpoint.ts"
import { convertWhisperDecoder, convertWhisperEncoder } from "../../models/export/whisper.ts"
import { createRandom } from "../fakes/random.ts"
import { tinyWhisper, tinyWhisperCheckpoint } from "../fakes/tinyWhisper.ts"

const { width, heads, vocabulary, bins } = tinyWhisper
const checkpoint = tinyWhisperCheckpoint()

async function heard(frames: number): Promise<Record<string, Tensor>> {
  const encoder = await InferenceSession.create(convertWhisperEncoder(checkpoint))
  const random = createRandom(3)
  const mel = Float32Array.from({ length: bins * frames }, () => random() - 0.5)
  const output = await encoder.run({ mel: new Tensor("float32", mel, [1, bins, frames]) })
  await encoder.release()
  return output as Record<string, Tensor>
}

describe("Whisper's weights as ONNX", () => {
  it("reads the tensors of a CTranslate2 checkpoint and leaves its settings aside", () => {
    const { spec, weights } = readCt2Checkpoint(checkpoint)
    expect(spec).toBe("WhisperSpec")
    expect(weights.get("encoder/conv1/weight")).toMatchObject({ shape: [width, bins, 3], type: "float16" })
    expect(weights.has("decoder/num_heads")).toBe(false)
  })

  it("refuses another model, another version and a file that ends early", () => {
    expect(() => convertWhisperEncoder(tinyWhisperCheckpoint("TransformerSpec"))).toThrow("is a TransformerSpec")
    const old = checkpoint.slice()
    old[0] = 5
    expect(() => convertWhisperEncoder(old)).toThrow("version 5")
    expect(() => convertWhisperDecoder(checkpoint.slice(0, 100_000))).toThrow("ends inside")
  })

  it("writes the same bytes each time", () => {
    const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
    expect(hash(convertWhisperEncoder(checkpoint))).toBe(hash(convertWhisperEncoder(checkpoint)))
    expect(hash(convertWhisperDecoder(checkpoint))).toBe(hash(convertWhisperDecoder(checkpoint)))
  })

  it("halves the frames and hands the decoder what its attention needs", async () => {
    const output = await heard(40)
    expect(output.hidden?.dims).toEqual([1, 20, width])
    expect(output["cross.0.key"]?.dims).toEqual([1, heads, 64, 20])
    expect(output["cross.0.value"]?.dims).toEqual([1, heads, 20, 64])
  })

  it("decodes token by token as it does all at once", async () => {
    const { hidden: _hidden, ...cross } = await heard(40)
    const decoder = await InferenceSession.create(convertWhisperDecoder(checkpoint))
    const run = async (parts: number[][]): Promise<Float32Array> => {
      const empty = () => new Tensor("float32", new Float32Array(0), [1, heads, 0, 64])
      let past: Record<string, Tensor> = { "past.0.key": empty(), "past.0.value": empty() }
      let logits = new Float32Array()
      for (const ids of parts) {
        const tokens = new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length])
        const output = await decoder.run({ ids: tokens, ...past, ...cross })
        past = { "past.0.key": output["present.0.key"] as Tensor, "past.0.value": output["present.0.value"] as Tensor }
        logits = output.logits?.data as Float32Array<ArrayBuffer>
      }
      return logits
    }
    const whole = await run([[3, 17, 9, 22]])
    expect(whole).toHaveLength(vocabulary)
    for (const parts of [
      [[3], [17], [9], [22]],
      [
        [3, 17],
        [9, 22],
      ],
    ])
      for (const [id, value] of (await run(parts)).entries()) expect(value).toBeCloseTo(whole[id] as number, 4)
    const other = await run([[3, 18, 9, 22]])
    expect(Math.max(...other.map((value, id) => Math.abs(value - (whole[id] as number))))).toBeGreaterThan(0.01)
    await decoder.release()
  })
})
