import type { Tensor } from "./torchCheckpoint.ts"

/** Element types by the number the file gives them. int8 and int16 hold settings of the model, never weights here. */
const types = ["float32", "int8", "int16", "int32", "float16"] as const
const weightTypes: readonly string[] = ["float32", "float16"]

/**
 * The weights of a CTranslate2 model (`model.bin`, binary version 6, as `ctranslate2.specs.ModelSpec` writes it) by their names. All
 * numbers are little-endian; each variable is name, rank, dimensions, type, byte count, data. Throws when the file is of another kind.
 */
export function readCt2Checkpoint(file: Uint8Array): { spec: string; weights: Map<string, Tensor> } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let at = 0
  const byte = (): number => view.getUint8(at++)
  const integer = (): number => {
    at += 4
    return view.getUint32(at - 4, true)
  }
  /** Its length counts the closing zero. */
  const text = (): string => {
    const length = view.getUint16(at, true)
    at += 2 + length
    return Buffer.from(file.subarray(at - length, at - 1)).toString("latin1")
  }

  const version = integer()
  if (version !== 6) throw new Error(`The checkpoint has format version ${version}, not 6.`)
  const spec = text()
  integer()
  const weights = new Map<string, Tensor>()
  for (let left = integer(); left > 0; left--) {
    const name = text()
    const shape = Array.from({ length: byte() }, integer)
    const type = types[byte()]
    const length = integer()
    if (at + length > file.length) throw new Error(`The checkpoint ends inside ${name}.`)
    if (type !== undefined && weightTypes.includes(type))
      weights.set(name, { shape, type: type as Tensor["type"], bytes: file.slice(at, at + length) })
    at += length
  }
  return { spec, weights }
}
