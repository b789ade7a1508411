import { open } from "node:fs/promises"
import { AppError } from "./errors.ts"

/** What a GGUF file says of itself, read without loading it. Format: ggml docs/gguf.md. */
export interface GgufInfo {
  version: number
  /** `llama`, `qwen2`, … Decides whether the engine can load it. */
  architecture: string
  name: string | null
  /** Context the model was trained with. */
  contextTokens: number | null
  parameterCount: number
  hasChatTemplate: boolean
  blockCount: number | null
  /** Bytes of key and value cache per token of context at 16 bits. Null when the header lacks the shapes. */
  cacheBytesPerToken: number | null
  licence: string | null
  tensorCount: number
  /** Bytes the file must have at least for all its tensors. */
  requiredBytes: number
}

type Value = string | number | boolean | Value[]

const maxHeaderBytes = 128 * 1024 * 1024
const maxTensors = 100_000
const maxKeys = 100_000

/**
 * Reads header and tensor table. Throws `model.corrupt` for anything that is not a whole, well-formed GGUF file:
 * wrong magic, impossible counts or lengths, tensors that end beyond the file.
 */
export async function readGguf(path: string): Promise<GgufInfo> {
  const file = await open(path, "r")
  try {
    const { size } = await file.stat()
    const reader = createReader(async (position, length) => {
      const buffer = Buffer.alloc(Math.min(length, Math.max(0, size - position)))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      return buffer.subarray(0, bytesRead)
    })
    return await readHeader(reader, size)
  } finally {
    await file.close()
  }
}

async function readHeader(reader: Reader, fileBytes: number): Promise<GgufInfo> {
  if ((await reader.bytes(4)).toString("latin1") !== "GGUF") throw corrupt("It does not begin like a GGUF file.")
  const version = await reader.u32()
  if (version < 2 || version > 3) throw corrupt(`GGUF version ${version} is not known.`)
  const tensorCount = await reader.u64()
  const keyCount = await reader.u64()
  if (tensorCount > maxTensors || keyCount > maxKeys) throw corrupt("Its header names impossible counts.")

  const values = new Map<string, Value>()
  for (let index = 0; index < keyCount; index++) {
    const key = await reader.text(65_535)
    values.set(key, await readValue(reader, await reader.u32(), 0))
  }

  const alignment = numberOf(values, "general.alignment") ?? 32
  if (alignment < 1 || alignment > 65_536 || !Number.isInteger(alignment)) throw corrupt("Its alignment is impossible.")
  let parameterCount = 0
  let dataBytes = 0
  for (let index = 0; index < tensorCount; index++) {
    const name = await reader.text(1024)
    const dimensions = await reader.u32()
    if (dimensions > 8) throw corrupt(`Tensor ${name} has ${dimensions} dimensions.`)
    let elements = 1
    for (let axis = 0; axis < dimensions; axis++) elements *= await reader.u64()
    const type = await reader.u32()
    const offset = await reader.u64()
    parameterCount += elements
    const layout = tensorLayouts[type]
    const bytes = layout ? Math.ceil(elements / layout.block) * layout.bytes : 0
    dataBytes = Math.max(dataBytes, offset + bytes)
  }
  const requiredBytes = Math.ceil(reader.position / alignment) * alignment + dataBytes
  if (!Number.isSafeInteger(requiredBytes)) throw corrupt("Its tensor table names impossible sizes.")
  if (requiredBytes > fileBytes) throw corrupt(`It ends ${requiredBytes - fileBytes} bytes too early.`)

  const architecture = textOf(values, "general.architecture")
  if (!architecture) throw corrupt("It does not name its architecture.")
  return {
    version,
    architecture,
    name: textOf(values, "general.name"),
    contextTokens: numberOf(values, `${architecture}.context_length`),
    parameterCount,
    hasChatTemplate: textOf(values, "tokenizer.chat_template") !== null,
    blockCount: numberOf(values, `${architecture}.block_count`),
    cacheBytesPerToken: cacheBytesPerToken(values, architecture),
    licence: textOf(values, "general.license"),
    tensorCount,
    requiredBytes,
  }
}

/** Two 16-bit vectors (key, value) of every key-value head in every block. */
function cacheBytesPerToken(values: Map<string, Value>, architecture: string): number | null {
  const blocks = numberOf(values, `${architecture}.block_count`)
  const heads = numberOf(values, `${architecture}.attention.head_count`)
  const embedding = numberOf(values, `${architecture}.embedding_length`)
  if (blocks === null || heads === null || heads === 0 || embedding === null) return null
  const keyValueHeads = numberOf(values, `${architecture}.attention.head_count_kv`) ?? heads
  const headLength = numberOf(values, `${architecture}.attention.key_length`) ?? embedding / heads
  return blocks * keyValueHeads * headLength * 2 * 2
}

/** Elements per block and bytes per block of ggml's tensor types. Types missing here only weaken the length check. */
const tensorLayouts: Record<number, { block: number; bytes: number }> = {
  0: { block: 1, bytes: 4 },
  1: { block: 1, bytes: 2 },
  2: { block: 32, bytes: 18 },
  3: { block: 32, bytes: 20 },
  6: { block: 32, bytes: 22 },
  7: { block: 32, bytes: 24 },
  8: { block: 32, bytes: 34 },
  9: { block: 32, bytes: 36 },
  10: { block: 256, bytes: 84 },
  11: { block: 256, bytes: 110 },
  12: { block: 256, bytes: 144 },
  13: { block: 256, bytes: 176 },
  14: { block: 256, bytes: 210 },
  15: { block: 256, bytes: 292 },
  24: { block: 1, bytes: 1 },
  25: { block: 1, bytes: 2 },
  26: { block: 1, bytes: 4 },
  27: { block: 1, bytes: 8 },
  28: { block: 1, bytes: 8 },
  30: { block: 1, bytes: 2 },
}

async function readValue(reader: Reader, type: number, depth: number): Promise<Value> {
  switch (type) {
    case 0:
      return (await reader.bytes(1)).readUInt8()
    case 1:
      return (await reader.bytes(1)).readInt8()
    case 2:
      return (await reader.bytes(2)).readUInt16LE()
    case 3:
      return (await reader.bytes(2)).readInt16LE()
    case 4:
      return reader.u32()
    case 5:
      return (await reader.bytes(4)).readInt32LE()
    case 6:
      return (await reader.bytes(4)).readFloatLE()
    case 7:
      return (await reader.bytes(1)).readUInt8() !== 0
    case 8:
      return reader.text(maxHeaderBytes)
    case 9:
      return readArray(reader, depth)
    case 10:
      return reader.u64()
    case 11:
      return Number((await reader.bytes(8)).readBigInt64LE())
    case 12:
      return (await reader.bytes(8)).readDoubleLE()
    default:
      throw corrupt(`Its header has a value of unknown type ${type}.`)
  }
}

/** Bytes of a fixed-width value type. */
const widths: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 }

/** Walks over an array. Values of short ones are kept; vocabularies are skipped. */
async function readArray(reader: Reader, depth: number): Promise<Value[]> {
  if (depth > 2) throw corrupt("Its header nests too deep.")
  const type = await reader.u32()
  const count = await reader.u64()
  const width = widths[type]
  if (count * (width ?? 8) > maxHeaderBytes) throw corrupt("Its header has an impossible array.")
  const kept: Value[] = []
  if (width !== undefined && count > 1024) {
    await reader.skip(count * width)
    return kept
  }
  for (let index = 0; index < count; index++) {
    if (type === 8 && count > 1024) await reader.skip(await reader.u64())
    else kept.push(await readValue(reader, type, depth + 1))
  }
  return kept
}

interface Reader {
  readonly position: number
  bytes(length: number): Promise<Buffer>
  skip(length: number): Promise<void>
  u32(): Promise<number>
  u64(): Promise<number>
  text(maxBytes: number): Promise<string>
}

/** Sequential reads over a window of the file, never beyond the header limit. */
function createReader(read: (position: number, length: number) => Promise<Buffer>): Reader {
  let window: Buffer = Buffer.alloc(0)
  let windowStart = 0
  let position = 0
  const need = async (length: number): Promise<void> => {
    if (!Number.isSafeInteger(length) || position + length > maxHeaderBytes) throw corrupt("Its header is too long.")
    if (position >= windowStart && position + length <= windowStart + window.length) return
    window = await read(position, Math.max(length, 1024 * 1024))
    windowStart = position
    if (window.length < length) throw corrupt("It ends inside its header.")
  }
  const take = (length: number): Buffer => {
    const start = position - windowStart
    position += length
    return window.subarray(start, start + length)
  }
  const bytes = async (length: number): Promise<Buffer> => {
    await need(length)
    return take(length)
  }
  const u64 = async (): Promise<number> => {
    const value = (await bytes(8)).readBigUInt64LE()
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt("Its header names an impossible number.")
    return Number(value)
  }
  return {
    get position() {
      return position
    },
    bytes,
    u64,
    u32: async () => (await bytes(4)).readUInt32LE(),
    async skip(length) {
      if (!Number.isSafeInteger(length) || position + length > maxHeaderBytes) throw corrupt("Its header is too long.")
      position += length
    },
    async text(maxBytes) {
      const length = await u64()
      if (length > maxBytes) throw corrupt("Its header has an impossible text length.")
      return (await bytes(length)).toString("utf8")
    },
  }
}

function numberOf(values: Map<string, Value>, key: string): number | null {
  const value = values.get(key)
  if (Array.isArray(value)) {
    const numbers = value.filter((item) => typeof item === "number")
    return numbers.length > 0 ? Math.max(...numbers) : null
  }
  return typeof value === "number" && Number.isFinite(value) ? value : null
}

function textOf(values: Map<string, Value>, key: string): string | null {
  const value = values.get(key)
  return typeof value === "string" && value !== "" ? value : null
}

function corrupt(reason: string): AppError {
  return new AppError("model.corrupt", `The model file is damaged or not a GGUF file. ${reason}`, {
    remedy: "Download or copy the file again.",
  })
}
