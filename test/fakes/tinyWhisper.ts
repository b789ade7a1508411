import { createRandom } from "./random.ts"

const width = 128
/** Sizes of the stand-in: two heads, one layer each way. */
export const tinyWhisper = { width, heads: 2, vocabulary: 40, bins: 80 }

/** A CTranslate2 checkpoint (`model.bin`, float16) with random weights and the names and shapes of Whisper's. */
export function tinyWhisperCheckpoint(spec = "WhisperSpec"): Uint8Array {
  const random = createRandom(7)
  const variables: Uint8Array[] = []
  const add = (name: string, shape: number[], scale: number, offset = 0): void => {
    const length = shape.reduce((product, size) => product * size, 1)
    const values = Float16Array.from({ length }, () => offset + (random() - 0.5) * scale)
    variables.push(
      join(
        text(name),
        Uint8Array.of(shape.length),
        ...shape.map(integer),
        Uint8Array.of(4),
        integer(2 * length),
        new Uint8Array(values.buffer),
      ),
    )
  }
  const norm = (name: string): void => {
    add(`${name}/gamma`, [width], 0.2, 1)
    add(`${name}/beta`, [width], 0.2)
  }
  const linear = (name: string, rows: number, columns = width): void => {
    add(`${name}/weight`, [rows, columns], 0.4)
    add(`${name}/bias`, [rows], 0.2)
  }
  const layer = (name: string): void => {
    norm(`${name}/self_attention/layer_norm`)
    linear(`${name}/self_attention/linear_0`, 3 * width)
    linear(`${name}/self_attention/linear_1`, width)
    norm(`${name}/ffn/layer_norm`)
    linear(`${name}/ffn/linear_0`, 2 * width)
    linear(`${name}/ffn/linear_1`, width, 2 * width)
  }
  add("encoder/conv1/weight", [width, tinyWhisper.bins, 3], 0.2)
  add("encoder/conv1/bias", [width], 0.2)
  add("encoder/conv2/weight", [width, width, 3], 0.2)
  add("encoder/conv2/bias", [width], 0.2)
  add("encoder/position_encodings/encodings", [1500, width], 0.5)
  layer("encoder/layer_0")
  norm("encoder/layer_norm")
  add("decoder/embeddings/weight", [tinyWhisper.vocabulary, width], 1)
  add("decoder/position_encodings/encodings", [448, width], 0.5)
  layer("decoder/layer_0")
  norm("decoder/layer_0/attention/layer_norm")
  linear("decoder/layer_0/attention/linear_0", width)
  linear("decoder/layer_0/attention/linear_1", 2 * width)
  linear("decoder/layer_0/attention/linear_2", width)
  norm("decoder/layer_norm")
  const setting = join(text("decoder/num_heads"), Uint8Array.of(0), Uint8Array.of(2), integer(2), Uint8Array.of(2, 0))
  return join(integer(6), text(spec), integer(3), integer(variables.length + 1), ...variables, setting, integer(0))
}

function integer(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}

function text(value: string): Uint8Array {
  return join(new Uint8Array(Uint16Array.of(value.length + 1).buffer), Buffer.from(`${value}\0`, "latin1"))
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
