import { AppError } from "#core/errors.ts"
import { channelWeights } from "./mixDown.ts"
import { s16FromSamples } from "./samples.ts"

/** A RIFF/WAVE file (Microsoft "Multimedia Programming Interface", RF64 of EBU Tech 3306). */
export interface WavFile {
  sampleRate: number
  channels: number
  /** Samples per channel that are really there. */
  frames: number
  /** What was wrong and could be repaired, in words. */
  note: string | null
  /** Mono samples from `start` on, `count` of them at most. */
  read(start: number, count: number): Float32Array
}

const pcm = 1
const float = 3
const extensible = 0xfffe
/** Beyond this a header is nonsense, not a recording. */
const highestRate = 768_000

/**
 * Opens 8-, 16-, 24- and 32-bit PCM and 32- and 64-bit float with any channel count and rate. A file that ends early gives what is
 * there, with a note. Throws `audio.damaged` when no sound can be found, `audio.unsupported` for compressed contents.
 */
export function openWav(bytes: Uint8Array): WavFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!["RIFF", "RF64"].includes(tag(bytes, 0)) || tag(bytes, 8) !== "WAVE") throw damaged("This is not a WAV file.")
  const { format, data } = findChunks(bytes, view)
  if (!format) throw damaged("The WAV file has no format description.")
  if (!data) throw damaged("The WAV file holds no sound.")

  const { kind, channels, sampleRate, bits } = format
  const sampleBytes = bits / 8
  const decode = decoderFor(kind, bits)
  if (!decode) throw unsupported(kind, bits)
  if (channels < 1 || channels > 64 || sampleRate < 1 || sampleRate > highestRate)
    throw damaged("The WAV file's format description makes no sense.")

  const frameBytes = sampleBytes * channels
  const there = Math.max(0, Math.min(data.declared, bytes.byteLength - data.start))
  // A recorder that was cut off leaves the length empty or full: then the rest of the file is sound.
  const isOpenEnded = data.declared === 0 || data.declared >= 0xffff_fff0
  const usable = isOpenEnded ? bytes.byteLength - data.start : there
  const frames = Math.floor(usable / frameBytes)
  const isShort = !isOpenEnded && there < data.declared
  const weights = channelWeights(channels, "wav")

  return {
    sampleRate,
    channels,
    frames,
    note: isShort ? "The file ends early: what is there was read." : null,
    read(start, count) {
      const length = Math.max(0, Math.min(count, frames - start))
      const mono = new Float32Array(length)
      for (let index = 0; index < length; index++) {
        const at = data.start + (start + index) * frameBytes
        let sum = 0
        for (let channel = 0; channel < channels; channel++) {
          const weight = weights[channel] as number
          if (weight > 0) sum += weight * decode(view, at + channel * sampleBytes)
        }
        mono[index] = Number.isFinite(sum) ? sum : 0
      }
      return mono
    },
  }
}

/** A mono 16-bit WAV file. */
export function writeWav(samples: Float32Array, sampleRate: number): Uint8Array<ArrayBuffer> {
  const data = s16FromSamples(samples)
  const bytes = new Uint8Array(wavHeaderBytes + data.length)
  bytes.set(wavHeader(data.length, sampleRate))
  bytes.set(data, wavHeaderBytes)
  return bytes
}

export const wavHeaderBytes = 44

/** Header of a mono 16-bit file with `dataBytes` of samples behind it. */
export function wavHeader(dataBytes: number, sampleRate: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(wavHeaderBytes)
  const view = new DataView(bytes.buffer)
  const text = (at: number, value: string) => bytes.set(Buffer.from(value, "latin1"), at)
  text(0, "RIFF")
  view.setUint32(4, 36 + dataBytes, true)
  text(8, "WAVEfmt ")
  view.setUint32(16, 16, true)
  view.setUint16(20, pcm, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, "data")
  view.setUint32(40, dataBytes, true)
  return bytes
}

interface Format {
  kind: number
  channels: number
  sampleRate: number
  bits: number
}

function findChunks(bytes: Uint8Array, view: DataView) {
  let format: Format | undefined
  let longSize: number | undefined
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const name = tag(bytes, at)
    const size = view.getUint32(at + 4, true)
    const start = at + 8
    if (name === "fmt " && start + 16 <= bytes.byteLength) format = readFormat(view, start, size)
    if (name === "ds64" && start + 16 <= bytes.byteLength) longSize = Number(view.getBigUint64(start + 8, true))
    if (name === "data") return { format, data: { start, declared: size === 0xffff_ffff ? (longSize ?? size) : size } }
    at = start + size + (size % 2)
  }
  return { format, data: undefined }
}

function readFormat(view: DataView, at: number, size: number): Format {
  const kind = view.getUint16(at, true)
  const isExtensible = kind === extensible && size >= 26 && at + 26 <= view.byteLength
  return {
    kind: isExtensible ? view.getUint16(at + 24, true) : kind,
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  }
}

function decoderFor(kind: number, bits: number): ((view: DataView, at: number) => number) | undefined {
  if (kind === pcm && bits === 8) return (view, at) => (view.getUint8(at) - 128) / 128
  if (kind === pcm && bits === 16) return (view, at) => view.getInt16(at, true) / 32_768
  if (kind === pcm && bits === 24)
    return (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65_536) / 8_388_608
  if (kind === pcm && bits === 32) return (view, at) => view.getInt32(at, true) / 2_147_483_648
  if (kind === float && bits === 32) return (view, at) => view.getFloat32(at, true)
  if (kind === float && bits === 64) return (view, at) => view.getFloat64(at, true)
  return undefined
}

const tag = (bytes: Uint8Array, at: number): string => Buffer.from(bytes.subarray(at, at + 4)).toString("latin1")

const damaged = (message: string) =>
  new AppError("audio.damaged", message, {
    remedy: "Open it in a player; if it does not play, record or export it again.",
  })

const unsupported = (kind: number, bits: number) =>
  new AppError("audio.unsupported", `This WAV file holds compressed or unusual sound (format ${kind}, ${bits} bits).`, {
    remedy: "Export it as 16-bit PCM.",
  })
