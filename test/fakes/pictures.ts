import { readFileSync } from "node:fs"
import { crc32, deflateSync, inflateSync } from "node:zlib"

/** The pictures of test/fixtures/pictures, and encoders for the formats that need no compression of their own. */

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/pictures/${name}`, import.meta.url))

export const noticePng = fixture("notice.png")
export const noticeJpg = fixture("notice.jpg")
export const noticeWebp = fixture("notice.webp")

/** What every picture of the notice says. */
export const noticeText =
  "The harbour office opens at seven.\nInvoice 4711 is due on 3 March.\nTotal amount: 1,250.00 EUR\n\nBring the blue key and two witnesses."

/** Grey values, row by row. */
export interface Pixels {
  width: number
  height: number
  grey: Uint8Array
}

/** The notice's PNG has one bit a pixel and no filter but those undone here. */
export function noticePixels(): Pixels {
  const view = new DataView(noticePng.buffer, noticePng.byteOffset, noticePng.byteLength)
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const parts: Uint8Array[] = []
  for (let at = 8; at < noticePng.length; at += view.getUint32(at) + 12) {
    const isData = Buffer.from(noticePng.subarray(at + 4, at + 8)).toString("latin1") === "IDAT"
    if (isData) parts.push(noticePng.subarray(at + 8, at + 8 + view.getUint32(at)))
  }
  const rows = inflateSync(Buffer.concat(parts))
  const stride = Math.ceil(width / 8)
  const grey = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    if (rows[y * (stride + 1)] !== 0) throw new Error("The notice uses a filter.")
    for (let x = 0; x < width; x++) {
      const byte = rows[y * (stride + 1) + 1 + (x >> 3)] ?? 0
      grey[y * width + x] = byte & (0x80 >> (x & 7)) ? 255 : 0
    }
  }
  return { width, height, grey }
}

export const blank = (width: number, height: number): Pixels => ({
  width,
  height,
  grey: new Uint8Array(width * height).fill(255),
})

export const inverted = ({ grey, ...size }: Pixels): Pixels => ({ ...size, grey: grey.map((value) => 255 - value) })

/** A quarter turn against the clock: Exif's orientation 6 turns it back. */
export function turned({ width, height, grey }: Pixels): Pixels {
  const result = new Uint8Array(grey.length)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) result[(width - 1 - x) * height + y] = grey[y * width + x] ?? 0
  return { width: height, height: width, grey: result }
}

/** 8-bit grey. `declares` lies about the size. */
export function makePng(
  { width, height, grey }: Pixels,
  declares: { width: number; height: number } = { width, height },
) {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data])
    return Buffer.concat([uint32(data.length), body, uint32(crc32(body))])
  }
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) rows.set(grey.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const header = Buffer.concat([uint32(declares.width), uint32(declares.height), Buffer.of(8, 0, 0, 0, 0)])
  const signature = Buffer.from("\u0089PNG\r\n\u001a\n", "latin1")
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ])
}

/** 24 bits a pixel, rows from the bottom up. */
export function makeBmp({ width, height, grey }: Pixels): Uint8Array {
  const stride = Math.ceil((width * 3) / 4) * 4
  const bytes = Buffer.alloc(54 + stride * height)
  bytes.write("BM", "latin1")
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      bytes.fill(
        grey[y * width + x] ?? 0,
        54 + (height - 1 - y) * stride + x * 3,
        54 + (height - 1 - y) * stride + x * 3 + 3,
      )
  return bytes
}

/** Uncompressed 8-bit grey. */
export function makeTiff({ width, height, grey }: Pixels, orientation = 1): Uint8Array {
  const entries: [tag: number, value: number][] = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [274, orientation],
    [277, 1],
    [278, height],
    [279, grey.length],
  ]
  const at = 8 + grey.length + (grey.length % 2)
  const bytes = Buffer.alloc(at + 2 + entries.length * 12 + 4)
  bytes.write("II*\0", "latin1")
  bytes.writeUInt32LE(at, 4)
  bytes.set(grey, 8)
  bytes.writeUInt16LE(entries.length, at)
  entries.forEach(([tag, value], index) => {
    const entry = at + 2 + index * 12
    bytes.writeUInt16LE(tag, entry)
    bytes.writeUInt16LE(4, entry + 2)
    bytes.writeUInt32LE(1, entry + 4)
    bytes.writeUInt32LE(value, entry + 8)
  })
  return bytes
}

/** Two greys, each pixel its own code: a clear code before the table would grow. Frames follow one another. */
export function makeGif(...frames: readonly Pixels[]): Uint8Array {
  const [{ width, height }] = frames as [Pixels]
  const size = (of: Pixels): Buffer => Buffer.concat([uint16(of.width), uint16(of.height)])
  const parts: Buffer[] = [
    Buffer.from("GIF89a", "latin1"),
    size({ width, height, grey: new Uint8Array() }),
    Buffer.of(0x80, 0, 0, 0, 0, 0, 255, 255, 255),
  ]
  for (const frame of frames) {
    const codes = lzwCodes(frame.grey)
    parts.push(Buffer.concat([Buffer.of(0x2c, 0, 0, 0, 0), size(frame), Buffer.of(0, 2)]))
    for (let at = 0; at < codes.length; at += 255) {
      const block = codes.subarray(at, at + 255)
      parts.push(Buffer.of(block.length), block)
    }
    parts.push(Buffer.of(0))
  }
  return Buffer.concat([...parts, Buffer.of(0x3b)])
}

/** Three bits a code: 0 and 1 are pixels, 4 clears, 5 ends. Two pixels after a clear leave the code size as it is. */
function lzwCodes(grey: Uint8Array): Buffer {
  const codes: number[] = []
  for (let at = 0; at < grey.length; at++) {
    if (at % 2 === 0) codes.push(4)
    codes.push((grey[at] ?? 0) > 127 ? 1 : 0)
  }
  codes.push(5)
  const bytes = Buffer.alloc(Math.ceil((codes.length * 3) / 8))
  codes.forEach((code, index) => {
    for (let bit = 0; bit < 3; bit++) {
      const place = index * 3 + bit
      if (code & (1 << bit)) bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7))
    }
  })
  return bytes
}

/** A picture as a PDF holds it. */
export interface ScannedPage {
  width: number
  height: number
  filter: "DCTDecode" | "FlateDecode" | "CCITTFaxDecode" | "JBIG2Decode" | "JPXDecode"
  bitsPerPixel: 1 | 8
  data: Uint8Array
}

export const jpegPage = (): ScannedPage => ({
  width: 680,
  height: 240,
  filter: "DCTDecode",
  bitsPerPixel: 8,
  data: noticeJpg,
})

export function pixelPage({ width, height, grey }: Pixels, bitsPerPixel: 1 | 8): ScannedPage {
  const stride = Math.ceil((width * bitsPerPixel) / 8)
  const rows = Buffer.alloc(stride * height)
  grey.forEach((value, index) => {
    const [x, y] = [index % width, Math.floor(index / width)]
    if (bitsPerPixel === 8) rows[y * stride + x] = value
    else if (value > 127) rows[y * stride + (x >> 3)] = (rows[y * stride + (x >> 3)] ?? 0) | (0x80 >> (x & 7))
  })
  return { width, height, filter: "FlateDecode", bitsPerPixel, data: deflateSync(rows) }
}

/** A scan: every page is one picture and nothing else. `rotate` turns the pages clockwise, in degrees. */
export function makeScan(pages: readonly ScannedPage[], rotate = 0): Uint8Array {
  const objects: Buffer[] = []
  const add = (...parts: (string | Uint8Array)[]): number =>
    objects.push(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))))
  add("<< /Type /Catalog /Pages 2 0 R >>")
  add("")
  const kids = pages.map(({ width, height, filter, bitsPerPixel, data }) => {
    const image = add(
      `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent ${bitsPerPixel} /Filter /${filter} /Length ${data.length} >>\nstream\n`,
      data,
      "\nendstream",
    )
    const draw = `q ${width} 0 0 ${height} 0 0 cm /I Do Q`
    const content = add(`<< /Length ${draw.length} >>\nstream\n${draw}\nendstream`)
    return add(
      `<< /Type /Page /Parent 2 0 R /Rotate ${rotate} /MediaBox [0 0 ${width} ${height}] /Contents ${content} 0 R /Resources << /XObject << /I ${image} 0 R >> >> >>`,
    )
  })
  objects[1] = Buffer.from(
    `<< /Type /Pages /Kids [${kids.map((id) => `${id} 0 R`).join(" ")}] /Count ${kids.length} >>`,
  )
  const parts = [Buffer.from("%PDF-1.4\n")]
  let length = 9
  const offsets: number[] = []
  objects.forEach((body, index) => {
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from("\nendobj\n")])
    offsets.push(length)
    parts.push(whole)
    length += whole.length
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")
  const size = objects.length + 1
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF`,
    ),
  )
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
