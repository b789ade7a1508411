import { createOpusDecoder } from "@audio/decode-opus/core"
import { AppError } from "#core/errors.ts"
import type { ChannelOrder } from "./mixDown.ts"
import type { AudioContainer } from "./sniffAudio.ts"
import { openWav } from "./wavFile.ts"

/** A piece of decoded sound: equally long channels. */
export interface PcmBlock {
  channels: Float32Array[]
  sampleRate: number
}

export interface PcmStream {
  order: ChannelOrder
  /** What was wrong and could be repaired; complete once the blocks have ended. */
  note(): string | null
  /** Decoded piece by piece, so that half an hour never lies in memory at full rate. */
  blocks(): AsyncIterable<PcmBlock>
}

/** Compressed bytes per step: some seconds of sound. */
const stepBytes = 64 * 1024
const wavStepFrames = 1 << 16
/** Opus packets (20 ms each) per step. */
const stepPackets = 100

/** Throws `audio.unsupported` for containers without a permissively licensed decoder, `audio.damaged` for unreadable headers. */
export async function openPcmStream(bytes: Uint8Array, container: AudioContainer): Promise<PcmStream> {
  switch (container) {
    case "wav":
      return wavStream(bytes)
    case "mp3":
      return codecStream(bytes, (await import("@audio/decode-mp3")).decoder, "wav")
    case "flac":
      return codecStream(bytes, (await import("@audio/decode-flac")).decoder, "wav")
    case "opus":
      return codecStream(bytes, (await import("@audio/decode-opus")).decoder, "vorbis")
    case "vorbis":
      return codecStream(bytes, (await import("@audio/decode-vorbis")).decoder, "vorbis")
    case "webm":
      return webmStream(bytes)
    case "mp4":
    case "aac":
    case "aiff":
    case "unknown":
      throw unsupported(container)
  }
}

const containerNames = {
  mp4: "an MP4 or M4A file (AAC)",
  aac: "an AAC file",
  aiff: "an AIFF file",
  webm: "a WebM file",
}

export function unsupported(container: "mp4" | "aac" | "aiff" | "webm" | "unknown"): AppError {
  const what = container === "unknown" ? "not a sound file ZenGlow knows" : containerNames[container]
  return new AppError("audio.unsupported", `This is ${what}; it cannot be decoded here.`, {
    remedy: "Convert it to WAV, MP3, FLAC, Ogg Opus, Ogg Vorbis or WebM with Opus.",
  })
}

function wavStream(bytes: Uint8Array): PcmStream {
  const wav = openWav(bytes)
  return {
    order: "wav",
    note: () => wav.note,
    async *blocks() {
      for (let at = 0; at < wav.frames; at += wavStepFrames)
        yield { channels: [wav.read(at, wavStepFrames)], sampleRate: wav.sampleRate }
    },
  }
}

interface CodecDecoder {
  decode(data: Uint8Array): { channelData: Float32Array[]; sampleRate: number }
  flush?(): { channelData: Float32Array[]; sampleRate: number }
  free(): void
}

/** A decoder that stops in the middle keeps what it gave before: a cut-off recording is still worth hearing. */
function codecStream(bytes: Uint8Array, open: () => Promise<CodecDecoder>, order: ChannelOrder): PcmStream {
  let note: string | null = null
  return {
    order,
    note: () => note,
    async *blocks() {
      const decoder = await open()
      const step = (run: () => { channelData: Float32Array[]; sampleRate: number }): PcmBlock | undefined => {
        try {
          const { channelData, sampleRate } = run()
          return channelData[0] && channelData[0].length > 0 ? { channels: channelData, sampleRate } : undefined
        } catch {
          note = "Part of the file is damaged: what could be decoded was read."
          return undefined
        }
      }
      try {
        for (let at = 0; at < bytes.length && note === null; at += stepBytes) {
          const block = step(() => decoder.decode(bytes.subarray(at, at + stepBytes)))
          if (block) yield block
        }
        const flush = decoder.flush?.bind(decoder)
        const rest = flush && step(flush)
        if (rest) yield rest
      } finally {
        decoder.free()
      }
    },
  }
}

/** Opus in WebM or Matroska, as browsers record it. */
async function webmStream(bytes: Uint8Array): Promise<PcmStream> {
  const { BufferSource, EncodedPacketSink, Input, MATROSKA, WEBM } = await import("mediabunny")
  // The source must own its bytes: a view into a larger buffer would be read from the buffer's start.
  const input = new Input({ source: new BufferSource(bytes.slice().buffer), formats: [WEBM, MATROSKA] })
  const track = await input.getPrimaryAudioTrack().catch(() => null)
  if (!track)
    throw new AppError("audio.damaged", "The WebM file holds no sound that can be read.", {
      remedy: "Record it again.",
    })
  const codec = await track.getCodec()
  const config = await track.getDecoderConfig()
  if (codec !== "opus" || !config) throw unsupported("webm")
  let note: string | null = null
  return {
    order: "vorbis",
    note: () => note,
    async *blocks() {
      const decoder = await createOpusDecoder()
      try {
        decoder.configure({ ...opusLayout(config.description, config.numberOfChannels), sampleRate: 48_000 })
        let packets: Uint8Array[] = []
        const decode = (): PcmBlock => {
          const { channelData } = decoder.decodeFrames(packets)
          packets = []
          return { channels: channelData, sampleRate: 48_000 }
        }
        try {
          for await (const packet of new EncodedPacketSink(track).packets()) {
            packets.push(packet.data)
            if (packets.length >= stepPackets) yield decode()
          }
        } catch {
          note = "The file ends early: what is there was read."
        }
        if (packets.length > 0) yield decode()
      } finally {
        decoder.free()
      }
    },
  }
}

/** Reads the OpusHead that Matroska keeps as the codec's private data (RFC 7845, section 5.1). */
function opusLayout(description: AllowSharedBufferSource | undefined, channels: number) {
  const head = description === undefined ? undefined : bytesOf(description)
  if (!head || head.length < 19) return { channels }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const layout = { channels: view.getUint8(9), preSkip: view.getUint16(10, true), outputGain: view.getInt16(16, true) }
  if (view.getUint8(18) === 0 || head.length < 21 + layout.channels) return layout
  return {
    ...layout,
    streamCount: view.getUint8(19),
    coupledStreamCount: view.getUint8(20),
    channelMappingTable: [...head.subarray(21, 21 + layout.channels)],
  }
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
}
