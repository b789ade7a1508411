import { strToU8, zipSync } from "fflate"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { expect, it } from "vitest"
import { createOnnxGraph } from "../../models/export/onnxGraph.ts"
import { readTorchCheckpoint } from "../../models/export/torchCheckpoint.ts"

/** The pickle of `{"w": tensor of shape [2, 2]}` as `torch.save` writes it, with the call's name as given. */
function checkpoint(call: string): Uint8Array {
  const text = (value: string): number[] => [0x58, value.length, 0, 0, 0, ...strToU8(value)]
  const pickle = Uint8Array.from([
    ...[0x80, 2, 0x7d, 0x71, 0, 0x28],
    ...text("w"),
    ...[0x71, 1, 0x63, ...strToU8(`${call}\n`), 0x28, 0x28],
    ...text("storage"),
    ...[0x63, ...strToU8("torch\nFloatStorage\n")],
    ...text("0"),
    ...text("cpu"),
    ...[0x4b, 4, 0x74, 0x51, 0x4b, 0, 0x4b, 2, 0x4b, 2, 0x86, 0x4b, 2, 0x4b, 1, 0x86, 0x89],
    ...[0x63, ...strToU8("collections\nOrderedDict\n"), 0x29, 0x52, 0x74, 0x52, 0x75, 0x2e],
  ])
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)
  return zipSync({ "m/data.pkl": pickle, "m/data/0": data }, { level: 0 })
}

it("reads the tensors of a checkpoint", () => {
  const tensor = readTorchCheckpoint(checkpoint("torch._utils\n_rebuild_tensor_v2")).get("w")
  expect(tensor).toMatchObject({ shape: [2, 2], type: "float32" })
  expect([...new Float32Array(tensor?.bytes.buffer as ArrayBuffer)]).toEqual([1, 2, 3, 4])
})

it("refuses a checkpoint that wants to call anything else", () => {
  expect(() => readTorchCheckpoint(checkpoint("os\nsystem"))).toThrow("wants to call os system")
})

it("writes graphs that ONNX Runtime computes, the same bytes each time", async () => {
  const build = (): Uint8Array => {
    const graph = createOnnxGraph({ opset: 17, producer: "test" })
    const weight = graph.constant("w", [2, 1], Float32Array.of(2, -1))
    const product = graph.op("MatMul", ["x", weight])
    const mean = graph.op("ReduceMean", [product], { axes: [-1], keepdims: 0 })
    const scaled = graph.op("LeakyRelu", [mean], { alpha: { float: 0.5 } })
    return graph.finish([{ name: "x", shape: ["N", 2] }], [{ node: scaled, name: "y", shape: ["N"] }])
  }
  const session = await InferenceSession.create(build())
  const output = await session.run({ x: new Tensor("float32", [3, 1, 1, 4], [2, 2]) })
  expect(output.y?.data).toEqual(Float32Array.of(5, -1))
  await session.release()
  expect(build()).toEqual(build())
})
