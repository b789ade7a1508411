/**
 * What a picture's header declares, read without decoding a pixel: a few hundred bytes can declare ten gigabytes of them.
 * Formats: PNG (w3.org/TR/png-3), JPEG (ITU-T T.81 B.2.2), GIF89a, BMP, TIFF 6.0, WebP (RFC 9649); orientation from Exif.
 */

export interface PictureHeader {
  mime: "image/png" | "image/jpeg" | "image/gif" | "image/bmp" | "image/tiff" | "image/webp"
  /** In pixels, the largest that any of its headers declares; zero where none was found. */
  width: number
  height: number
  /** Exif's 1 to 8: how the stored pixels have to be turned. 1: not at all. */
  orientation: number
  /** Where the first picture of several ends; absent for formats read as a whole. */
  firstEnd?: number
}

type Size = Pick<PictureHeader, "width" | "height">

/** Null: none of the kinds that are read. Never throws; a cut-off header declares zero pixels. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read = readerOf(view, bytes)
  if (read === null) return null
  try {
    return read.header()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { mime: read.mime, width: 0, height: 0, orientation: 1 }
  }
}

/** By the first bytes alone. */
export const pictureType = (bytes: Uint8Array): PictureHeader["mime"] | null =>
  readerOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes)?.mime ?? null

function readerOf(
  view: DataView,
  bytes: Uint8Array,
): { mime: PictureHeader["mime"]; header: () => PictureHeader } | null {
  const found = (mime: PictureHeader["mime"], header: () => Omit<PictureHeader, "mime" | "orientation">) => ({
    mime,
    header: () => ({ mime, orientation: 1, ...header() }),
  })
  if (begins(bytes, 0, "\u0089PNG\r\n\u001a\n"))
    return found("image/png", () => ({ width: view.getUint32(16), height: view.getUint32(20) }))
  if (begins(bytes, 0, "\u00ff\u00d8\u00ff")) return found("image/jpeg", () => jpeg(view, bytes))
  if (begins(bytes, 0, "GIF87a") || begins(bytes, 0, "GIF89a")) return found("image/gif", () => gif(view))
  if (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WEBP")) return found("image/webp", () => webp(view, bytes))
  if (begins(bytes, 0, "II*\0")) return found("image/tiff", () => tiff(view, 0, true))
  if (begins(bytes, 0, "MM\0*")) return found("image/tiff", () => tiff(view, 0, false))
  // Two letters begin many texts too: a bitmap's second header has one of these lengths.
  const isBitmap =
    begins(bytes, 0, "BM") && bytes.length >= 18 && [12, 40, 52, 56, 64, 108, 124].includes(bytes[14] ?? 0)
  return isBitmap && view.getUint32(14, true) < 125 ? found("image/bmp", () => bitmap(view)) : null
}

const begins = (bytes: Uint8Array, at: number, text: string): boolean =>
  bytes.length >= at + text.length &&
  Array.from(text).every((letter, index) => bytes[at + index] === letter.charCodeAt(0))

function bitmap(view: DataView): Size {
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) }
  // Rows from the top down have a negative height.
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) }
}

/** Marker by marker up to the pixels. */
function jpeg(view: DataView, bytes: Uint8Array): Size & { orientation?: number } {
  const size = { width: 0, height: 0 }
  let orientation = 1
  for (let at = 2; at + 4 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) break
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === 0xda || marker === 0xd9) break
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) grow(size, view.getUint16(at + 7), view.getUint16(at + 5))
    if (marker === 0xe1 && begins(bytes, at + 4, "Exif\0\0")) orientation = exifOrientation(view, at + 10)
    at += 2 + view.getUint16(at + 2)
  }
  return { ...size, orientation }
}

function exifOrientation(view: DataView, at: number): number {
  try {
    const { orientation } = tiff(view, at, view.getUint8(at) === 0x49)
    return orientation >= 1 && orientation <= 8 ? orientation : 1
  } catch {
    return 1
  }
}

/** The first directory, which is the first page. Reference: TIFF 6.0, section 2. */
function tiff(view: DataView, base: number, isLittle: boolean): Size & { orientation: number } {
  const result = { width: 0, height: 0, orientation: 1 }
  const directory = base + view.getUint32(base + 4, isLittle)
  const count = view.getUint16(directory, isLittle)
  for (let index = 0; index < count; index++) {
    const entry = directory + 2 + index * 12
    const tag = view.getUint16(entry, isLittle)
    const isShort = view.getUint16(entry + 2, isLittle) === 3
    const value = isShort ? view.getUint16(entry + 8, isLittle) : view.getUint32(entry + 8, isLittle)
    if (tag === 256) result.width = Math.max(result.width, value)
    if (tag === 257) result.height = Math.max(result.height, value)
    if (tag === 274) result.orientation = value
  }
  return result
}

/** Screen and first frame. What follows the frame is an animation. */
function gif(view: DataView): Size & { firstEnd?: number } {
  const size = { width: view.getUint16(6, true), height: view.getUint16(8, true) }
  const paletteBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  const skipBlocks = (from: number): number => {
    let at = from
    for (let length = view.getUint8(at); length > 0; length = view.getUint8(at)) at += length + 1
    return at + 1
  }
  let at = 13 + paletteBytes(view.getUint8(10))
  while (at < view.byteLength && view.getUint8(at) === 0x21) at = skipBlocks(at + 2)
  if (at >= view.byteLength || view.getUint8(at) !== 0x2c) return size
  grow(size, view.getUint16(at + 5, true), view.getUint16(at + 7, true))
  const pixels = at + 10 + paletteBytes(view.getUint8(at + 9)) + 1
  return { ...size, firstEnd: skipBlocks(pixels) }
}

/** Canvas and frames, whichever is larger. */
function webp(view: DataView, bytes: Uint8Array): Size {
  const size = { width: 0, height: 0 }
  const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const data = at + 8
    if (begins(bytes, at, "VP8X")) grow(size, uint24(data + 4) + 1, uint24(data + 7) + 1)
    if (begins(bytes, at, "VP8 "))
      grow(size, view.getUint16(data + 6, true) & 0x3fff, view.getUint16(data + 8, true) & 0x3fff)
    if (begins(bytes, at, "VP8L")) {
      const packed = view.getUint32(data + 1, true)
      grow(size, (packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1)
    }
    const length = view.getUint32(at + 4, true)
    at = data + length + (length % 2)
  }
  return size
}

function grow(size: Size, width: number, height: number): void {
  size.width = Math.max(size.width, width)
  size.height = Math.max(size.height, height)
}
