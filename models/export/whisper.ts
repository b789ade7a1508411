import { readCt2Checkpoint } from "./ct2Checkpoint.ts"
import { createOnnxGraph, type Node, type OnnxGraph } from "./onnxGraph.ts"
import type { Tensor } from "./torchCheckpoint.ts"

/** Every size of Whisper has heads of this width. */
const headSize = 64
const opset = 17
const float32 = 1

interface Weights {
  /** Width of the model and its heads. */
  width: number
  heads: number
  get(name: string): Tensor
  /** Layers under a prefix. */
  layers(part: "encoder" | "decoder"): number
}

/**
 * Whisper (Radford et al. 2022, arXiv:2212.04356) from CTranslate2's `model.bin` to the ONNX encoder: `mel` float32 [1, bins, T ≤ 3000] →
 * `hidden` [1, T/2, width] and, for each decoder layer n, the keys and values its cross-attention needs, computed once for a window:
 * `cross.n.key` [1, heads, 64, T/2] and `cross.n.value` [1, heads, T/2, 64]. Weights stay float16 in the file; arithmetic is float32.
 */
export function convertWhisperEncoder(checkpoint: Uint8Array): Uint8Array {
  const weights = readWhisper(checkpoint)
  const graph = createOnnxGraph({ opset, producer: "zenglow" })
  const { op, integers } = graph
  const parts = createParts(graph, weights)
  const { width, heads } = weights

  const convolved = (x: Node, name: string, strides: number[]): Node =>
    parts.gelu(op("Conv", [x, parts.weight(`${name}/weight`), parts.weight(`${name}/bias`)], { pads: [1, 1], strides }))
  let x = op("Transpose", [convolved(convolved("mel", "encoder/conv1", [1]), "encoder/conv2", [2])], {
    perm: [0, 2, 1],
  })
  const frames = op("Gather", [op("Shape", [x]), integers(1)])
  const positions = parts.weight("encoder/position_encodings/encodings")
  x = op("Add", [x, op("Slice", [positions, integers(0), frames, integers(0)])])
  for (let n = 0; n < weights.layers("encoder"); n++) {
    const layer = `encoder/layer_${n}`
    const attention = `${layer}/self_attention`
    const y = parts.norm(x, `${attention}/layer_norm`)
    const [query, key, value] = parts.fused(y, `${attention}/linear_0`, 3).map(parts.splitHeads) as [Node, Node, Node]
    const mixed = parts.attend(query, op("Transpose", [key], { perm: [0, 1, 3, 2] }), value)
    x = op("Add", [x, parts.linear(mixed, `${attention}/linear_1`)])
    x = parts.feedForward(x, layer)
  }
  const hidden = parts.norm(x, "encoder/layer_norm")

  const cross = Array.from({ length: weights.layers("decoder") }, (_, n) => {
    const [key, value] = parts.fused(hidden, `decoder/layer_${n}/attention/linear_1`, 2).map(parts.splitHeads) as [
      Node,
      Node,
    ]
    return [
      {
        node: op("Transpose", [key], { perm: [0, 1, 3, 2] }),
        name: `cross.${n}.key`,
        shape: [1, heads, headSize, "F"],
      },
      { node: value, name: `cross.${n}.value`, shape: [1, heads, "F", headSize] },
    ]
  }).flat()
  const bins = weights.get("encoder/conv1/weight").shape[1] ?? 80
  return graph.finish(
    [{ name: "mel", shape: [1, bins, "T"] }],
    [{ node: hidden, name: "hidden", shape: [1, "F", width] }, ...cross],
  )
}

/**
 * The same checkpoint to the ONNX decoder: `ids` int64 [1, S], `past.n.key` and `past.n.value` [1, heads, P, 64] and the encoder's
 * `cross.n.*` → `logits` [1, vocabulary] of the last token and `present.n.*` [1, heads, P + S, 64].
 */
export function convertWhisperDecoder(checkpoint: Uint8Array): Uint8Array {
  const weights = readWhisper(checkpoint)
  const graph = createOnnxGraph({ opset, producer: "zenglow" })
  const { op, integers, constant } = graph
  const parts = createParts(graph, weights)
  const { heads } = weights
  const scalar = (value: number): Node => constant(`s${value}`, [], BigInt64Array.of(BigInt(value)))

  const past = op("Gather", [op("Shape", ["past.0.key"]), scalar(2)])
  const total = op("Add", [past, op("Gather", [op("Shape", ["ids"]), scalar(1)])])
  const positions = op("Range", [past, total, scalar(1)])
  const places = op("Unsqueeze", [op("Range", [scalar(0), total, scalar(1)]), integers(0)])
  /** No token looks at a later one. */
  const mask = op("Where", [
    op("LessOrEqual", [places, op("Unsqueeze", [positions, integers(1)])]),
    constant("visible", [], Float32Array.of(0)),
    constant("hidden", [], Float32Array.of(-1e9)),
  ])

  // Gathered as float16: a float32 copy of the whole table would cost twice the memory.
  const table = parts.raw("decoder/embeddings/weight")
  const toFloat = (x: Node): Node => op("Cast", [x], { to: float32 })
  const embedded = toFloat(op("Gather", [table, "ids"]))
  let x = op("Add", [embedded, toFloat(op("Gather", [parts.raw("decoder/position_encodings/encodings"), positions]))])
  const outputs: { node: Node; name: string; shape: (number | string)[] }[] = []
  const inputs: { name: string; shape: (number | string)[]; type?: "int64" }[] = [
    { name: "ids", shape: [1, "S"], type: "int64" },
  ]
  for (let n = 0; n < weights.layers("decoder"); n++) {
    const layer = `decoder/layer_${n}`
    const own = `${layer}/self_attention`
    const [query, ...added] = parts
      .fused(parts.norm(x, `${own}/layer_norm`), `${own}/linear_0`, 3)
      .map(parts.splitHeads) as [Node, Node, Node]
    const [key, value] = added.map((node, index) => {
      const kind = index === 0 ? "key" : "value"
      const present = op("Concat", [`past.${n}.${kind}`, node], { axis: 2 })
      inputs.push({ name: `past.${n}.${kind}`, shape: [1, heads, "P", headSize] })
      outputs.push({ node: present, name: `present.${n}.${kind}`, shape: [1, heads, "P+S", headSize] })
      return present
    }) as [Node, Node]
    const mixed = parts.attend(query, op("Transpose", [key], { perm: [0, 1, 3, 2] }), value, mask)
    x = op("Add", [x, parts.linear(mixed, `${own}/linear_1`)])

    const cross = `${layer}/attention`
    const asked = parts.splitHeads(parts.linear(parts.norm(x, `${cross}/layer_norm`), `${cross}/linear_0`))
    const heard = parts.attend(asked, `cross.${n}.key`, `cross.${n}.value`)
    inputs.push({ name: `cross.${n}.key`, shape: [1, heads, headSize, "F"] })
    inputs.push({ name: `cross.${n}.value`, shape: [1, heads, "F", headSize] })
    x = op("Add", [x, parts.linear(heard, `${cross}/linear_2`)])
    x = parts.feedForward(x, layer)
  }
  const last = parts.norm(op("Gather", [x, scalar(-1)], { axis: 1 }), "decoder/layer_norm")
  const logits = op("Gemm", [last, toFloat(table)], { transB: 1 })
  const vocabulary = weights.get("decoder/embeddings/weight").shape[0] ?? 0
  return graph.finish(inputs, [{ node: logits, name: "logits", shape: [1, vocabulary] }, ...outputs])
}

function readWhisper(checkpoint: Uint8Array): Weights {
  const { spec, weights } = readCt2Checkpoint(checkpoint)
  if (spec !== "WhisperSpec") throw new Error(`The checkpoint is a ${spec}, not a Whisper model.`)
  const get = (name: string): Tensor => {
    const tensor = weights.get(name)
    if (tensor?.type !== "float16") throw new Error(`The checkpoint lacks ${name} in float16.`)
    return tensor
  }
  const width = get("decoder/embeddings/weight").shape[1] ?? 0
  return {
    width,
    heads: width / headSize,
    get,
    layers(part) {
      let count = 0
      while (weights.has(`${part}/layer_${count}/ffn/linear_0/weight`)) count++
      return count
    },
  }
}

/** What encoder and decoder are made of. */
function createParts(graph: OnnxGraph, { width, heads, get }: Weights) {
  const { op, integers } = graph
  const one = (name: string, value: number): Node => graph.constant(name, [], Float32Array.of(value))
  const half = one("half", 0.5)
  const root = one("root", Math.SQRT2)
  const unit = one("unit", 1)
  const scale = one("scale", 1 / Math.sqrt(headSize))
  const bits = (name: string): Uint16Array => {
    const { bytes } = get(name)
    return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
  }
  const toFloat = (node: Node): Node => op("Cast", [node], { to: float32 })

  const raw = (name: string): Node => graph.constant(name, get(name).shape, bits(name))
  const weight = (name: string): Node => toFloat(raw(name))
  const norm = (x: Node, name: string): Node =>
    op("LayerNormalization", [x, weight(`${name}/gamma`), weight(`${name}/beta`)], {
      axis: -1,
      epsilon: { float: 1e-5 },
    })
  /** Part `index` of `count` of a fused layer: rows of the weight, stored transposed because MatMul wants them so. */
  const slice = (x: Node, name: string, index: number, count: number): Node => {
    const [rows = 0, columns = 0] = get(`${name}/weight`).shape
    const taken = rows / count
    const from = bits(`${name}/weight`).subarray(index * taken * columns, (index + 1) * taken * columns)
    const turned = new Uint16Array(from.length)
    for (let row = 0; row < taken; row++)
      for (let column = 0; column < columns; column++)
        turned[column * taken + row] = from[row * columns + column] as number
    const part = count === 1 ? "" : `.${index}`
    const matrix = toFloat(graph.constant(`${name}/weight${part}`, [columns, taken], turned))
    const bias = bits(`${name}/bias`).slice(index * taken, (index + 1) * taken)
    return op("Add", [op("MatMul", [x, matrix]), toFloat(graph.constant(`${name}/bias${part}`, [taken], bias))])
  }
  const linear = (x: Node, name: string): Node => slice(x, name, 0, 1)
  /** 0.5 x (1 + erf(x / √2)): ONNX Runtime replaces this with its own operator. */
  const gelu = (x: Node): Node =>
    op("Mul", [op("Mul", [x, op("Add", [op("Erf", [op("Div", [x, root])]), unit])]), half])

  return {
    raw,
    weight,
    norm,
    linear,
    gelu,
    fused: (x: Node, name: string, count: number): Node[] =>
      Array.from({ length: count }, (_, index) => slice(x, name, index, count)),
    splitHeads: (x: Node): Node =>
      op("Transpose", [op("Reshape", [x, integers(0, 0, heads, headSize)])], { perm: [0, 2, 1, 3] }),
    /** `key` is [1, heads, 64, F]; the others [1, heads, n, 64]. */
    attend(query: Node, key: Node, value: Node, mask?: Node): Node {
      const scores = op("MatMul", [op("Mul", [query, scale]), key])
      const shares = op("Softmax", [mask ? op("Add", [scores, mask]) : scores], { axis: -1 })
      const mixed = op("Transpose", [op("MatMul", [shares, value])], { perm: [0, 2, 1, 3] })
      return op("Reshape", [mixed, integers(0, 0, width)])
    },
    feedForward(x: Node, layer: string): Node {
      const inner = gelu(linear(norm(x, `${layer}/ffn/layer_norm`), `${layer}/ffn/linear_0`))
      return op("Add", [x, linear(inner, `${layer}/ffn/linear_1`)])
    },
  }
}
