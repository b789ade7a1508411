import { createOnnxGraph, type Node } from "./onnxGraph.ts"
import { readTorchCheckpoint } from "./torchCheckpoint.ts"

const channels = 128
const segmentFrames = 100
/** Layers and dilation of the three dense blocks. */
const blocks = [
  { layers: 12, dilation: 1 },
  { layers: 24, dilation: 2 },
  { layers: 16, dilation: 2 },
] as const

/**
 * CAM++ (Wang et al. 2023, arXiv:2303.00332; 3D-Speaker's `speech_campplus_sv_zh_en_16k-common_advanced`) from its PyTorch checkpoint
 * to ONNX: `feats` float32 [B, T, 80] (log mel, mean-subtracted) → `embedding` float32 [B, 192], not normalised.
 */
export function convertCampplus(checkpoint: Uint8Array): Uint8Array {
  const weights = readTorchCheckpoint(checkpoint)
  const graph = createOnnxGraph({ opset: 17, producer: "zenglow" })
  const { op, integers } = graph

  const weight = (name: string): Node => {
    const tensor = weights.get(name)
    if (tensor?.type !== "float32") throw new Error(`The checkpoint lacks ${name}.`)
    return graph.constant(name, tensor.shape, new Float32Array(tensor.bytes.buffer, tensor.bytes.byteOffset))
  }
  const filled = (name: string, length: number, value: number): Node =>
    graph.constant(name, [length], new Float32Array(length).fill(value))
  const batchNorm = (x: Node, name: string): Node => {
    const length = weights.get(`${name}.running_mean`)?.shape[0] ?? 0
    const isAffine = weights.has(`${name}.weight`)
    const scale = isAffine ? weight(`${name}.weight`) : filled(`ones${length}`, length, 1)
    const bias = isAffine ? weight(`${name}.bias`) : filled(`zeros${length}`, length, 0)
    const inputs = [x, scale, bias, weight(`${name}.running_mean`), weight(`${name}.running_var`)]
    return op("BatchNormalization", inputs, { epsilon: { float: 1e-5 } })
  }
  const relu = (x: Node): Node => op("Relu", [x])
  const conv = (x: Node, name: string, attributes: Record<string, number[]> = {}): Node => {
    const bias = weights.has(`${name}.bias`) ? [weight(`${name}.bias`)] : []
    return op("Conv", [x, weight(`${name}.weight`), ...bias], attributes)
  }
  const around = [1, 1, 1, 1]

  /** The residual front end over frequency and time. */
  const head = (features: Node): Node => {
    let x = op("Unsqueeze", [op("Transpose", [features], { perm: [0, 2, 1] }), integers(1)])
    x = relu(batchNorm(conv(x, "head.conv1", { pads: around }), "head.bn1"))
    for (const layer of [1, 2])
      for (const block of [0, 1]) {
        const name = `head.layer${layer}.${block}`
        const strides = block === 0 ? [2, 1] : [1, 1]
        const first = relu(batchNorm(conv(x, `${name}.conv1`, { pads: around, strides }), `${name}.bn1`))
        const second = batchNorm(conv(first, `${name}.conv2`, { pads: around }), `${name}.bn2`)
        const shortcut = weights.has(`${name}.shortcut.0.weight`)
          ? batchNorm(conv(x, `${name}.shortcut.0`, { strides }), `${name}.shortcut.1`)
          : x
        x = relu(op("Add", [second, shortcut]))
      }
    x = relu(batchNorm(conv(x, "head.conv2", { pads: around, strides: [2, 1] }), "head.bn2"))
    return op("Reshape", [x, integers(0, 320, -1)])
  }

  /** Means over segments of 100 frames, spread over their frames again. The last segment is divided by the frames it has. */
  const segmentMeans = (x: Node): Node => {
    const frames = op("Gather", [op("Shape", [x]), integers(2)])
    const segments = op("Div", [op("Add", [frames, integers(segmentFrames - 1)]), integers(segmentFrames)])
    const padding = op("Sub", [op("Mul", [segments, integers(segmentFrames)]), frames])
    const pads = op("Concat", [integers(0, 0, 0, 0, 0), padding], { axis: 0 })
    const sumOf = (values: Node, rows: Node): Node => {
      const shape = op("Concat", [rows, segments, integers(segmentFrames)], { axis: 0 })
      return op("ReduceSum", [op("Reshape", [op("Pad", [values, pads]), shape]), integers(3)], { keepdims: 1 })
    }
    const one = graph.constant("one", [1, 1, 1], Float32Array.of(1))
    const ones = op("Expand", [one, op("Concat", [integers(1, 1), frames], { axis: 0 })])
    const means = op("Div", [sumOf(x, integers(0, channels)), sumOf(ones, integers(1, 1))])
    const spread = op("Expand", [
      means,
      op("Concat", [integers(1, 1), integers(1), integers(segmentFrames)], { axis: 0 }),
    ])
    return op("Slice", [op("Reshape", [spread, integers(0, channels, -1)]), integers(0), frames, integers(2)])
  }

  /** One densely connected layer with context-aware masking. */
  const layer = (x: Node, name: string, dilation: number): Node => {
    const narrow = conv(relu(batchNorm(x, `${name}.nonlinear1.batchnorm`)), `${name}.linear1`)
    const y = relu(batchNorm(narrow, `${name}.nonlinear2.batchnorm`))
    const local = conv(y, `${name}.cam_layer.linear_local`, { pads: [dilation, dilation], dilations: [dilation] })
    const context = op("Add", [segmentMeans(y), op("ReduceMean", [y], { axes: [-1], keepdims: 1 })])
    const mask = op("Sigmoid", [conv(relu(conv(context, `${name}.cam_layer.linear1`)), `${name}.cam_layer.linear2`)])
    return op("Concat", [x, op("Mul", [local, mask])], { axis: 1 })
  }

  /** Mean and (unbiased) standard deviation over time. */
  const statistics = (x: Node): Node => {
    const mean = op("ReduceMean", [x], { axes: [-1], keepdims: 1 })
    const difference = op("Sub", [x, mean])
    const squares = op("ReduceSum", [op("Mul", [difference, difference]), integers(2)], { keepdims: 1 })
    const frames = op("Cast", [op("Gather", [op("Shape", [x]), integers(2)])], { to: 1 })
    const less = op("Sub", [frames, graph.constant("less", [1], Float32Array.of(1))])
    return op("Concat", [mean, op("Sqrt", [op("Div", [squares, less])])], { axis: 1 })
  }

  let x = head("feats")
  const tdnn = conv(x, "xvector.tdnn.linear", { pads: [2, 2], strides: [2] })
  x = relu(batchNorm(tdnn, "xvector.tdnn.nonlinear.batchnorm"))
  for (const [index, { layers, dilation }] of blocks.entries()) {
    for (let n = 1; n <= layers; n++) x = layer(x, `xvector.block${index + 1}.tdnnd${n}`, dilation)
    const transit = `xvector.transit${index + 1}`
    x = conv(relu(batchNorm(x, `${transit}.nonlinear.batchnorm`)), `${transit}.linear`)
  }
  x = statistics(relu(batchNorm(x, "xvector.out_nonlinear.batchnorm")))
  x = batchNorm(conv(x, "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
  const embedding = op("Squeeze", [x, integers(2)])
  return graph.finish(
    [{ name: "feats", shape: ["B", "T", 80] }],
    [{ node: embedding, name: "embedding", shape: ["B", 192] }],
  )
}
