import { unzipSync } from "fflate"

/** A tensor of a checkpoint, row-major, as stored. */
export interface Tensor {
  shape: number[]
  type: "float32" | "float16" | "int64"
  bytes: Uint8Array
}

type Value = string | number | boolean | null | Tensor | Callable | Storage | Value[] | Map<Value, Value>
interface Callable {
  kind: "callable"
  name: string
}
interface Storage {
  kind: "storage"
  key: string
  type: Tensor["type"]
}

const storageTypes: Readonly<Record<string, Tensor["type"]>> = {
  "torch FloatStorage": "float32",
  "torch HalfStorage": "float16",
  "torch LongStorage": "int64",
}
const elementBytes = { float32: 4, float16: 2, int64: 8 } as const

/**
 * The tensors of a PyTorch checkpoint (`torch.save`, zip format of 1.6 and later) by their dotted names. Only the pickle of a state
 * dictionary is understood: names, numbers, containers and `_rebuild_tensor_v2`. Anything else throws; nothing is ever called.
 */
export function readTorchCheckpoint(bytes: Uint8Array): Map<string, Tensor> {
  const files = unzipSync(bytes)
  const index = Object.keys(files).find((name) => name.endsWith("/data.pkl"))
  const pickle = index === undefined ? undefined : files[index]
  if (index === undefined || !pickle) throw new Error("The checkpoint has no data.pkl.")
  const root = index.slice(0, -"data.pkl".length)
  const tensors = new Map<string, Tensor>()
  collect(
    readPickle(pickle, (key) => {
      const data = files[`${root}data/${key}`]
      if (!data) throw new Error(`The checkpoint lacks the storage ${key}.`)
      return data
    }),
    "",
    tensors,
  )
  return tensors
}

function collect(value: Value, name: string, into: Map<string, Tensor>): void {
  if (value instanceof Map) {
    for (const [key, inner] of value) collect(inner, name === "" ? String(key) : `${name}.${String(key)}`, into)
  } else if (isTensor(value)) into.set(name, value)
}

const isTensor = (value: Value): value is Tensor => typeof value === "object" && value !== null && "bytes" in value

/** Protocol 2 of Python's pickle, the opcodes a state dictionary uses (pickletools names them). */
function readPickle(bytes: Uint8Array, storage: (key: string) => Uint8Array): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = new TextDecoder()
  const stack: Value[] = []
  const marks: number[] = []
  const memo = new Map<number, Value>()
  let at = 0
  const pop = (): Value => {
    const value = stack.pop()
    if (value === undefined) throw new Error("The checkpoint's pickle is damaged.")
    return value
  }
  const top = (): Value => stack.at(-1) as Value
  const toMark = (): Value[] => stack.splice(marks.pop() ?? 0)
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at)
    const found = text.decode(bytes.subarray(at, end))
    at = end + 1
    return found
  }
  const string = (length: number): void => {
    stack.push(text.decode(bytes.subarray(at, at + length)))
    at += length
  }
  const put = (items: Value[]): void => {
    const map = top()
    if (!(map instanceof Map)) throw new Error("The checkpoint sets items of something that is no dictionary.")
    for (let n = 0; n < items.length; n += 2) map.set(items[n] as Value, items[n + 1] as Value)
  }

  for (;;) {
    const opcode = String.fromCharCode(bytes[at++] ?? 0)
    switch (opcode) {
      case "\x80": // PROTO
        at += 1
        break
      case "(":
        marks.push(stack.length)
        break
      case "}":
        stack.push(new Map())
        break
      case "]":
        stack.push([])
        break
      case ")":
        stack.push([])
        break
      case "t":
        stack.push(toMark())
        break
      case "\x85":
      case "\x86":
      case "\x87":
        stack.push(stack.splice(-(opcode.charCodeAt(0) - 0x84)))
        break
      case "c":
        stack.push({ kind: "callable", name: `${line()} ${line()}` })
        break
      case "q":
        memo.set(bytes[at++] ?? 0, top())
        break
      case "r":
        memo.set(view.getUint32(at, true), top())
        at += 4
        break
      case "h":
        stack.push(memo.get(bytes[at++] ?? 0) as Value)
        break
      case "j":
        stack.push(memo.get(view.getUint32(at, true)) as Value)
        at += 4
        break
      case "X": {
        const length = view.getUint32(at, true)
        at += 4
        string(length)
        break
      }
      case "K":
        stack.push(bytes[at++] ?? 0)
        break
      case "M":
        stack.push(view.getUint16(at, true))
        at += 2
        break
      case "J":
        stack.push(view.getInt32(at, true))
        at += 4
        break
      case "\x8a": {
        const length = bytes[at++] ?? 0
        let value = 0n
        for (let n = length - 1; n >= 0; n--) value = (value << 8n) | BigInt(bytes[at + n] ?? 0)
        stack.push(Number(BigInt.asIntN(length * 8, value)))
        at += length
        break
      }
      case "G":
        stack.push(view.getFloat64(at, false))
        at += 8
        break
      case "\x88":
        stack.push(true)
        break
      case "\x89":
        stack.push(false)
        break
      case "N":
        stack.push(null)
        break
      case "Q":
        stack.push(persistent(pop()))
        break
      case "R": {
        const args = pop()
        stack.push(reduce(pop(), args, storage))
        break
      }
      case "s": {
        const value = pop()
        put([pop(), value])
        break
      }
      case "u":
        put(toMark())
        break
      case "a": {
        const value = pop()
        ;(top() as Value[]).push(value)
        break
      }
      case "e": {
        const items = toMark()
        ;(top() as Value[]).push(...items)
        break
      }
      case "b": // BUILD: attributes of an OrderedDict, which hold no tensors
        pop()
        break
      case ".":
        return pop()
      default:
        throw new Error(
          `The checkpoint's pickle has an opcode that no state dictionary needs: ${opcode.charCodeAt(0)}.`,
        )
    }
  }
}

/** `("storage", type, key, device, elements)`. */
function persistent(value: Value): Storage {
  const [kind, type, key] = Array.isArray(value) ? value : []
  const name = typeof type === "object" && type !== null && "name" in type ? type.name : ""
  const found = storageTypes[name]
  if (kind !== "storage" || typeof key !== "string" || !found)
    throw new Error(`The checkpoint has a storage of ${name}.`)
  return { kind: "storage", key, type: found }
}

function reduce(callable: Value, args: Value, storage: (key: string) => Uint8Array): Value {
  const name = typeof callable === "object" && callable !== null && "name" in callable ? callable.name : ""
  if (name === "collections OrderedDict") return new Map()
  if (name !== "torch._utils _rebuild_tensor_v2" || !Array.isArray(args)) {
    throw new Error(`The checkpoint wants to call ${name}.`)
  }
  const [from, offset, shape, strides] = args as [Storage, number, number[], number[]]
  const size = elementBytes[from.type]
  const count = shape.reduce((product, length) => product * length, 1)
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if ((shape[axis] ?? 0) > 1 && strides[axis] !== expected) throw new Error("The checkpoint has a strided tensor.")
    expected *= shape[axis] ?? 0
  }
  // Copy: storages start anywhere in the archive, typed arrays on their own boundaries.
  return { shape, type: from.type, bytes: storage(from.key).slice(offset * size, (offset + count) * size) }
}
