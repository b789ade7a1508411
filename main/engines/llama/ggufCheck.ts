import { type FileHandle, open } from "node:fs/promises"
import { AppError } from "#core/errors.ts"

/** What the header of a sound GGUF file says. */
export interface GgufSummary {
  architecture: string
  /** Tokens the model was trained for; 0 when the file does not say. */
  trainContextTokens: number
  hasChatTemplate: boolean
}

/**
 * Reads a GGUF header and refuses what native code must not see: other formats and versions, values and tensors that lie outside
 * the file, contradictory sizes, and models that do not generate text. Throws `model.missing`, `model.corrupt` or `model.incompatible`.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function checkGguf(path: string): Promise<GgufSummary> {
  let file: FileHandle
  try {
    file = await open(path, "r")
  } catch (cause) {
    throw new AppError("model.missing", "The model file cannot be opened.", {
      remedy: "Run `zenglow models pull`, or import the file again.",
      cause,
    })
  }
  try {
    const { size } = await file.stat()
    for (let headerBytes = Math.min(size, 16 * MIB); ; headerBytes = Math.min(size, headerBytes * 2)) {
      const header = Buffer.alloc(headerBytes)
      await readFully(file, header)
      try {
        return checkHeader(header, size)
      } catch (error) {
        if (!(error instanceof NeedsMore)) throw error
        if (headerBytes >= Math.min(size, MAX_HEADER_BYTES)) throw corrupt("its header ends before it is complete")
      }
    }
  } finally {
    await file.close()
  }
}

const MIB = 1024 * 1024
const MAX_HEADER_BYTES = 512 * MIB

/** The buffer ended inside the header: a longer read may complete it. */
class NeedsMore extends Error {}

const corrupt = (what: string): AppError =>
  new AppError("model.corrupt", `The model file is damaged: ${what}.`, {
    remedy: "Remove it and fetch it again: `zenglow models verify`, then `zenglow models pull`.",
  })

const incompatible = (what: string): AppError =>
  new AppError("model.incompatible", `This model cannot be used: ${what}.`, {
    remedy: "Choose a GGUF file (version 2 or 3) of an instruct model.",
  })

async function readFully(file: FileHandle, buffer: Buffer): Promise<void> {
  for (let offset = 0; offset < buffer.length; ) {
    const { bytesRead } = await file.read(buffer, offset, buffer.length - offset, offset)
    if (bytesRead === 0) throw corrupt("it ended while it was read")
    offset += bytesRead
  }
}

function checkHeader(header: Buffer, sizeBytes: number): GgufSummary {
  if (sizeBytes < 24) throw corrupt("it is too short to be a GGUF file")
  if (header.toString("latin1", 0, 4) !== "GGUF") throw corrupt("it does not begin as a GGUF file does")
  const version = header.readUInt32LE(4)
  // The version of a big-endian file reads as a large number.
  if (version !== 2 && version !== 3) throw incompatible(`GGUF version ${version} is not supported`)
  const cursor = createCursor(header, sizeBytes)
  cursor.skip(8)
  const tensorCount = cursor.size("tensor count", 1_000_000)
  const pairCount = cursor.size("metadata count", 1_000_000)
  const metadata = new Map<string, MetadataValue>()
  for (let index = 0; index < pairCount; index++) {
    const key = cursor.string(65_535)
    metadata.set(key, readValue(cursor, cursor.u32(), 0))
  }
  const tensors = readTensors(cursor, tensorCount)
  checkTensorBounds(tensors, cursor.position(), alignmentOf(metadata), sizeBytes)
  return checkModel(metadata, tensors)
}

interface Cursor {
  position(): number
  skip(bytes: number): void
  u32(): number
  /** An unsigned 64-bit count that must not exceed `limit`. */
  size(what: string, limit: number): number
  string(limit: number): string
  number(type: number): number
}

function createCursor(buffer: Buffer, sizeBytes: number): Cursor {
  let position = 0
  const take = (bytes: number): number => {
    if (position + bytes > sizeBytes) throw corrupt("a value reaches beyond the end of the file")
    if (position + bytes > buffer.length) throw new NeedsMore()
    const start = position
    position += bytes
    return start
  }
  const size = (what: string, limit: number): number => {
    const value = buffer.readBigUInt64LE(take(8))
    if (value > BigInt(limit)) throw corrupt(`its ${what} is impossible`)
    return Number(value)
  }
  return {
    position: () => position,
    skip: take,
    u32: () => buffer.readUInt32LE(take(4)),
    size,
    string(limit) {
      const length = size("text length", limit)
      const start = take(length)
      return buffer.toString("utf8", start, start + length)
    },
    number(type) {
      switch (type) {
        case 0:
        case 7:
          return buffer.readUInt8(take(1))
        case 1:
          return buffer.readInt8(take(1))
        case 2:
          return buffer.readUInt16LE(take(2))
        case 3:
          return buffer.readInt16LE(take(2))
        case 4:
          return buffer.readUInt32LE(take(4))
        case 5:
          return buffer.readInt32LE(take(4))
        case 6:
          return buffer.readFloatLE(take(4))
        case 10:
          return Number(buffer.readBigUInt64LE(take(8)))
        case 11:
          return Number(buffer.readBigInt64LE(take(8)))
        case 12:
          return buffer.readDoubleLE(take(8))
        default:
          throw corrupt(`it has a value of unknown type ${type}`)
      }
    },
  }
}

/** Arrays are walked, not kept: only their length matters here. */
type MetadataValue = string | number | { length: number }

const STRING = 8
const ARRAY = 9
const NUMBER_BYTES: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 }

function readValue(cursor: Cursor, type: number, depth: number): MetadataValue {
  if (type === STRING) return cursor.string(64 * MIB)
  if (type !== ARRAY) return cursor.number(type)
  if (depth > 3) throw corrupt("its arrays are nested too deeply")
  const itemType = cursor.u32()
  const length = cursor.size("array length", 64 * MIB)
  const itemBytes = NUMBER_BYTES[itemType]
  if (itemBytes !== undefined) cursor.skip(itemBytes * length)
  else if (itemType === STRING)
    for (let index = 0; index < length; index++) cursor.skip(cursor.size("text length", MIB))
  else for (let index = 0; index < length; index++) readValue(cursor, itemType, depth + 1)
  return { length }
}

interface Tensor {
  dimensions: number[]
  type: number
  offset: number
}

function readTensors(cursor: Cursor, count: number): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>()
  for (let index = 0; index < count; index++) {
    const name = cursor.string(64 * 1024)
    const rank = cursor.u32()
    if (rank < 1 || rank > 4) throw corrupt("a tensor has an impossible shape")
    const dimensions = Array.from({ length: rank }, () => cursor.size("tensor dimension", 2 ** 40))
    if (dimensions.some((dimension) => dimension < 1)) throw corrupt("a tensor has an impossible shape")
    const type = cursor.u32()
    const offset = cursor.size("tensor offset", Number.MAX_SAFE_INTEGER)
    if (tensors.has(name)) throw corrupt("two tensors have the same name")
    tensors.set(name, { dimensions, type, offset })
  }
  return tensors
}

function alignmentOf(metadata: Map<string, MetadataValue>): number {
  const alignment = metadata.get("general.alignment") ?? 32
  if (typeof alignment !== "number" || alignment < 8 || alignment > 65_536 || alignment % 8 !== 0)
    throw corrupt("its alignment is impossible")
  return alignment
}

/** Elements and bytes per block, by ggml type. Types that newer engines add have no entry: only their start is checked. */
const BLOCKS: Record<number, [elements: number, bytes: number]> = {
  0: [1, 4],
  1: [1, 2],
  2: [32, 18],
  3: [32, 20],
  6: [32, 22],
  7: [32, 24],
  8: [32, 34],
  9: [32, 36],
  10: [256, 84],
  11: [256, 110],
  12: [256, 144],
  13: [256, 176],
  14: [256, 210],
  15: [256, 292],
  16: [256, 66],
  17: [256, 74],
  18: [256, 98],
  19: [256, 50],
  20: [32, 18],
  21: [256, 110],
  22: [256, 82],
  23: [256, 136],
  24: [1, 1],
  25: [1, 2],
  26: [1, 4],
  27: [1, 8],
  28: [1, 8],
  29: [256, 56],
  30: [1, 2],
  34: [256, 54],
  35: [256, 66],
  39: [32, 17],
}
/** Formats llama.cpp dropped, and numbers it has not given out. */
const isUnusableType = (type: number): boolean =>
  type === 4 || type === 5 || (type >= 31 && type <= 33) || (type >= 36 && type <= 38) || type > 255

function checkTensorBounds(tensors: Map<string, Tensor>, headerEnd: number, alignment: number, size: number): void {
  const dataStart = Math.ceil(headerEnd / alignment) * alignment
  let needed = dataStart
  for (const { dimensions, type, offset } of tensors.values()) {
    if (isUnusableType(type)) throw incompatible(`its weights have the unsupported type ${type}`)
    if (offset % alignment !== 0) throw corrupt("a tensor is not aligned")
    const [elements, bytes] = BLOCKS[type] ?? [1, 0]
    if (dimensions[0]! % elements !== 0) throw corrupt("a tensor has an impossible shape")
    const total = dimensions.reduce((product, dimension) => product * dimension, 1)
    needed = Math.max(needed, dataStart + offset + (total / elements) * bytes)
  }
  if (needed > size) throw corrupt(`it has ${size} bytes and needs at least ${needed}`)
}

/** Encoders, vision parts and adapters share the format but write no text. */
const NOT_GENERATIVE =
  /^(bert|nomic-bert|nomic-bert-moe|neo-bert|modern-bert|jina-bert-v2|jina-bert-v3|eurobert|gemma-embedding|t5encoder|clip|wavtokenizer-dec|mmproj)$/

function checkModel(metadata: Map<string, MetadataValue>, tensors: Map<string, Tensor>): GgufSummary {
  const architecture = metadata.get("general.architecture")
  if (typeof architecture !== "string" || !/^[a-z0-9._-]{1,64}$/i.test(architecture))
    throw corrupt("it does not name its architecture")
  if (NOT_GENERATIVE.test(architecture)) throw incompatible(`"${architecture}" models do not write text`)
  const type = metadata.get("general.type")
  if (typeof type === "string" && type !== "model") throw incompatible(`it is a ${type}, not a model`)
  const count = (name: string, limit: number): number => {
    const value = metadata.get(`${architecture}.${name}`)
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > limit)
      throw corrupt(`its ${name} is missing or impossible`)
    return value
  }
  const blocks = count("block_count", 4096)
  const width = count("embedding_length", 1_000_000)
  const vocabulary = metadata.get("tokenizer.ggml.tokens")
  if (typeof vocabulary !== "object" || vocabulary.length < 1) throw corrupt("it has no vocabulary")
  const embedding = tensors.get("token_embd.weight")
  if (!embedding) throw corrupt("its token embeddings are missing")
  if (embedding.dimensions[0] !== width || embedding.dimensions[1] !== vocabulary.length)
    throw corrupt("its token embeddings do not fit its vocabulary")
  const present = new Set([...tensors.keys()].map((name) => name.split(".", 2).join(".")))
  for (let block = 0; block < blocks; block++)
    if (!present.has(`blk.${block}`)) throw corrupt(`layer ${block} of ${blocks} is missing`)
  const context = metadata.get(`${architecture}.context_length`)
  return {
    architecture,
    trainContextTokens: typeof context === "number" && context > 0 ? context : 0,
    hasChatTemplate: typeof metadata.get("tokenizer.chat_template") === "string",
  }
}
