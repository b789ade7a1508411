/** A value in the graph, by name. */
export type Node = string

type Attribute = number | number[] | string | { float: number }

/** Builds an ONNX model (onnx.proto, IR version 8) operator by operator. The same calls always write the same bytes. */
export interface OnnxGraph {
  /** Adds a tensor that is part of the model. A name that is there already is used again. A Uint16Array holds the bits of float16. */
  constant(name: string, shape: readonly number[], values: Float32Array | BigInt64Array | Uint16Array): Node
  integers(...values: number[]): Node
  /** One operator with one output. */
  op(type: string, inputs: readonly Node[], attributes?: Readonly<Record<string, Attribute>>): Node
  /** The serialised model. Dimensions that are strings are free. Inputs are float32 unless they say otherwise. */
  finish(
    inputs: readonly { name: string; shape: readonly (number | string)[]; type?: "int64" }[],
    outputs: readonly { node: Node; name: string; shape: readonly (number | string)[] }[],
  ): Uint8Array
}

const floatType = 1
const int64Type = 7
const float16Type = 10

export function createOnnxGraph(options: { opset: number; producer: string }): OnnxGraph {
  const nodes: Uint8Array[] = []
  const tensors = new Map<string, Uint8Array>()
  let made = 0

  const op: OnnxGraph["op"] = (type, inputs, attributes = {}) => {
    const output = `v${++made}`
    nodes.push(
      message(
        ...inputs.map((input) => field(1, input)),
        field(2, output),
        field(3, `${type}_${made}`),
        field(4, type),
        ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
      ),
    )
    return output
  }
  const constant: OnnxGraph["constant"] = (name, shape, values) => {
    if (!tensors.has(name)) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      const type = values instanceof Float32Array ? floatType : values instanceof Uint16Array ? float16Type : int64Type
      tensors.set(name, message(packed(1, shape), number(2, type), field(8, name), field(9, bytes)))
    }
    return name
  }

  return {
    op,
    constant,
    integers: (...values) => constant(`i${values.join("_")}`, [values.length], BigInt64Array.from(values.map(BigInt))),
    finish(inputs, outputs) {
      for (const { node, name } of outputs) {
        nodes.push(message(field(1, node), field(2, name), field(3, `Identity_${name}`), field(4, "Identity")))
      }
      const graph = message(
        ...nodes.map((node) => field(1, node)),
        field(2, "graph"),
        ...[...tensors.values()].map((tensor) => field(5, tensor)),
        ...inputs.map((input) => field(11, valueInfo(input))),
        ...outputs.map((output) => field(12, valueInfo(output))),
      )
      return message(
        number(1, 8),
        field(2, options.producer),
        field(7, graph),
        field(8, message(field(1, ""), number(2, options.opset))),
      )
    },
  }
}

function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "string") return message(field(1, name), field(4, value), number(20, 3))
  if (Array.isArray(value)) return message(field(1, name), ...value.map((item) => number(8, item)), number(20, 7))
  if (typeof value === "number") return message(field(1, name), number(3, value), number(20, 2))
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value.float, true)
  return message(field(1, name), join([varint((2 << 3) | 5), bytes]), number(20, 1))
}

function valueInfo(value: { name: string; shape: readonly (number | string)[]; type?: "int64" }): Uint8Array {
  const { name, shape } = value
  const dimensions = shape.map((size) =>
    field(1, typeof size === "number" ? message(number(1, size)) : message(field(2, size))),
  )
  const tensor = message(number(1, value.type === "int64" ? int64Type : floatType), field(2, message(...dimensions)))
  return message(field(1, name), field(2, message(field(1, tensor))))
}

// Protocol buffers, wire format: https://protobuf.dev/programming-guides/encoding/

const encoder = new TextEncoder()

/** Length-delimited. */
function field(id: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? encoder.encode(value) : value
  return join([varint((id << 3) | 2), varint(bytes.length), bytes])
}
const number = (id: number, value: number): Uint8Array => join([varint(id << 3), varint(value)])
const packed = (id: number, values: readonly number[]): Uint8Array => field(id, join(values.map(varint)))
const message = (...parts: Uint8Array[]): Uint8Array => join(parts)

/** Negative numbers take ten bytes, as the format wants. */
function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
