export type AudioContainer = "wav" | "mp3" | "flac" | "opus" | "vorbis" | "webm" | "mp4" | "aac" | "aiff" | "unknown"

/** What a file is by its first bytes. Only MP3, which may begin anywhere in a stream, is also believed by its name or type. */
export function sniffAudio(bytes: Uint8Array, hint: { mime?: string; filename?: string } = {}): AudioContainer {
  const head = Buffer.from(bytes.subarray(0, 512)).toString("latin1")
  const at = (position: number, text: string) => head.startsWith(text, position)
  if ((at(0, "RIFF") || at(0, "RF64")) && at(8, "WAVE")) return "wav"
  if (at(0, "fLaC")) return "flac"
  if (at(0, "OggS")) {
    if (head.includes("OpusHead")) return "opus"
    if (head.includes("\u0001vorbis")) return "vorbis"
    return head.includes("FLAC") ? "flac" : "unknown"
  }
  if (at(0, "\u001aE\u00df\u00a3")) return "webm"
  if (at(4, "ftyp")) return "mp4"
  if (at(0, "FORM")) return "aiff"
  if (at(0, "ID3")) return "mp3"
  const [first = 0, second = 0] = bytes
  if (first === 0xff && (second & 0xf6) === 0xf0) return "aac"
  if (first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0) return "mp3"
  const isNamedMp3 = /^audio\/(mpeg|mp3)/.test(hint.mime ?? "") || /\.mp3$/i.test(hint.filename ?? "")
  return isNamedMp3 && bytes.length > 0 && !looksLikeText(bytes) ? "mp3" : "unknown"
}

function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 512).every((byte) => byte >= 9 && byte < 127)
}
