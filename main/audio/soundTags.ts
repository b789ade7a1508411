import type { AudioFormat } from "./encodeAudio.ts"

/** What a sound file says about itself; players and search tools show it. */
export interface SoundTags {
  /** A sentence: "Made by a computer in the cloned voice of …". */
  comment: string
}

/**
 * Writes tags into an encoded file: a LIST/INFO chunk in WAV, ID3v2.3 in MP3, a Vorbis comment in FLAC and Ogg Opus. Bare PCM has no room
 * for any. A file that is not as expected comes back as it is.
 */
export function tagSound(bytes: Uint8Array, format: AudioFormat, tags: SoundTags): Uint8Array {
  switch (format) {
    case "wav":
      return tagWav(bytes, tags)
    case "mp3":
      return Buffer.concat([id3(tags), bytes])
    case "flac":
      return tagFlac(bytes, tags)
    case "opus":
      return tagOpus(bytes, tags)
    case "pcm":
      return bytes
  }
}

const software = "ZenGlow"

/** RIFF INFO: ICMT is the comment, ISFT the software. Behind the samples, where every reader skips it. */
function tagWav(bytes: Uint8Array, { comment }: SoundTags): Uint8Array {
  const info = Buffer.concat([Buffer.from("INFO"), riffText("ICMT", comment), riffText("ISFT", software)])
  const out = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2), riffChunk("LIST", info)])
  out.writeUInt32LE(out.length - 8, 4)
  return out
}

const riffText = (name: string, text: string): Buffer => riffChunk(name, Buffer.from(`${text}\0`))

function riffChunk(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(name, "latin1")
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
}

/** https://id3.org/id3v2.3.0: a comment and the encoder's name, in UTF-16. */
function id3({ comment }: SoundTags): Buffer {
  const utf16 = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])
  const emptyDescription = Buffer.from([0xff, 0xfe, 0, 0])
  const frames = Buffer.concat([
    id3Frame("COMM", Buffer.concat([Buffer.from([1]), Buffer.from("eng"), emptyDescription, utf16(comment)])),
    id3Frame("TSSE", Buffer.concat([Buffer.from([1]), utf16(software)])),
  ])
  const size = frames.length
  const head = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, 0])
  for (let n = 0; n < 4; n++) head[6 + n] = (size >> (7 * (3 - n))) & 0x7f
  return Buffer.concat([head, frames])
}

function id3Frame(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(10)
  head.write(name, "latin1")
  head.writeUInt32BE(data.length, 4)
  return Buffer.concat([head, data])
}

/** https://xiph.org/vorbis/doc/v-comment.html, without the framing bit. */
function vorbisComment({ comment }: SoundTags): Buffer {
  const lines = [`COMMENT=${comment}`, `ENCODER=${software}`].map((line) => Buffer.from(line))
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  const vendor = Buffer.from(software)
  return Buffer.concat([
    length(vendor.length),
    vendor,
    length(lines.length),
    ...lines.flatMap((line) => [length(line.length), line]),
  ])
}

const vorbisBlock = 4

/** RFC 9639: one VORBIS_COMMENT block behind STREAMINFO; one that is there is replaced. */
function tagFlac(bytes: Uint8Array, tags: SoundTags): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.toString("latin1", 0, 4) !== "fLaC") return bytes
  const blocks: { type: number; data: Buffer }[] = []
  let at = 4
  for (let isLast = false; !isLast; ) {
    if (at + 4 > file.length) return bytes
    isLast = ((file[at] as number) & 0x80) !== 0
    const size = file.readUIntBE(at + 1, 3)
    blocks.push({ type: (file[at] as number) & 0x7f, data: file.subarray(at + 4, at + 4 + size) })
    at += 4 + size
  }
  const [info, ...others] = blocks.filter(({ type }) => type !== vorbisBlock)
  if (!info) return bytes
  const kept = [info, { type: vorbisBlock, data: vorbisComment(tags) }, ...others]
  const written = kept.flatMap(({ type, data }, index) => {
    const head = Buffer.alloc(4)
    head[0] = type | (index === kept.length - 1 ? 0x80 : 0)
    head.writeUIntBE(data.length, 1, 3)
    return [head, data]
  })
  return Buffer.concat([Buffer.from("fLaC"), ...written, file.subarray(at)])
}

/** RFC 7845: the second page of an Ogg Opus stream holds its tags alone. RFC 3533 for the page. */
function tagOpus(bytes: Uint8Array, tags: SoundTags): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = oggPage(file, 0)
  const second = first && oggPage(file, first.end)
  if (!first || !second || file.toString("latin1", second.body, second.body + 8) !== "OpusTags") return bytes
  const data = Buffer.concat([Buffer.from("OpusTags"), vorbisComment(tags)])
  const lacing = [...new Array<number>(Math.floor(data.length / 255)).fill(255), data.length % 255]
  const isOnePacket = second.segments.slice(0, -1).every((size) => size === 255)
  if (lacing.length > 255 || !isOnePacket) return bytes
  const page = Buffer.concat([file.subarray(first.end, first.end + 26), Buffer.from([lacing.length, ...lacing]), data])
  page.writeUInt32LE(0, 22)
  page.writeUInt32LE(oggChecksum(page), 22)
  return Buffer.concat([file.subarray(0, first.end), page, file.subarray(second.end)])
}

function oggPage(file: Buffer, at: number): { segments: number[]; body: number; end: number } | null {
  if (at + 27 > file.length || file.toString("latin1", at, at + 4) !== "OggS") return null
  const segments = [...file.subarray(at + 27, at + 27 + (file[at + 26] as number))]
  const body = at + 27 + segments.length
  return { segments, body, end: body + segments.reduce((sum, size) => sum + size, 0) }
}

/** CRC-32 with the polynomial 0x04c11db7, not reflected, from 0. */
function oggChecksum(page: Buffer): number {
  let sum = 0
  for (const byte of page) {
    sum ^= byte << 24
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1
  }
  return sum >>> 0
}
