import { setImmediate } from "node:timers/promises"
import { type getDocumentProxy, getResolvedPDFJS } from "unpdf"
import { AppError } from "#core/errors.ts"
import type { ParseProgress, ReadDocument } from "../contract.ts"
import { textOf } from "./readPicture.ts"
import { openRecognizer, type Recognizer } from "./recognizer.ts"

/** Some seconds each. */
const mostPages = 200
/** Scanners cut a page into strips; logos and lines of a letterhead are smaller than these. */
const leastLongSide = 300
const leastShortSide = 60
const mostPictures = 50

/** An open file, as pdf.js has it. */
export type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>
type PdfPage = Awaited<ReturnType<PdfDocument["getPage"]>>

/** A picture as pdf.js decodes it. Kinds: 1 is one bit a pixel (set: white), 2 three bytes, 3 four bytes. */
interface PdfPicture {
  width: number
  height: number
  kind: number
  data: Uint8Array | Uint8ClampedArray
}

/**
 * The text of scanned pages: the pictures that make up each page are read, nothing is drawn. Throws `document.no-text` and, for more
 * than 200 pages, `document.too-large`.
 */
export async function readScan(
  document: PdfDocument,
  data: Uint8Array,
  onProgress?: (progress: ParseProgress) => void,
): Promise<Omit<ReadDocument, "title">> {
  if (document.numPages > mostPages) {
    throw new AppError("document.too-large", `The scan has ${document.numPages} pages; the limit is ${mostPages}.`, {
      remedy: "Split it into smaller files.",
    })
  }
  const pages: { page: number; start: number }[] = []
  let text = ""
  let allUnread = 0
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number)
    const { text: read, unread } = await readPage(page, await openRecognizer(data))
    allUnread += unread
    page.cleanup()
    if (text !== "" && read !== "") text += "\n\n"
    pages.push({ page: number, start: text.length })
    text += read
    onProgress?.({ page: number })
    // The message leaves before the next page takes the thread.
    await setImmediate()
  }
  if (text === "" && allUnread > 0) {
    throw new AppError(
      "document.no-text",
      "The pages are pictures in a compression that is not read (fax, JBIG2 or JPEG 2000).",
      {
        remedy: "Save the pages as PNG or JPEG and add those.",
      },
    )
  }
  if (text === "") {
    throw new AppError("document.no-text", "No text was found on the scanned pages.", {
      remedy: "Scan it again with a higher resolution.",
    })
  }
  return { text, pages, pageCount: document.numPages }
}

async function readPage(page: PdfPage, recognizer: Recognizer): Promise<{ text: string; unread: number }> {
  const { OPS } = await getResolvedPDFJS()
  const { fnArray, argsArray } = await page.getOperatorList()
  const names = new Set<string>()
  const inline: unknown[] = []
  fnArray.forEach((operation, index) => {
    const [first] = (argsArray[index] ?? []) as unknown[]
    if (operation === OPS.paintImageXObject && typeof first === "string") names.add(first)
    if (operation === OPS.paintInlineImageXObject) inline.push(first)
  })
  const pictures = [...[...names].slice(0, mostPictures), ...inline.slice(0, mostPictures)]
  let text = ""
  let unread = 0
  for (const named of pictures) {
    const picture = typeof named === "string" ? await pictureOf(page, named) : named
    if (!isPicture(picture)) unread++
    else if (isLarge(picture)) {
      const read = textOf(recognizer.read(asPnm(picture), orientationOf(page.rotate)) ?? [])
      if (read !== "") text += text === "" ? read : `\n\n${read}`
    }
  }
  return { text, unread }
}

const pictureOf = (page: PdfPage, name: string): Promise<unknown> =>
  new Promise((resolve) => (name.startsWith("g_") ? page.commonObjs : page.objs).get(name, resolve))

const isLarge = ({ width, height }: PdfPicture): boolean =>
  Math.max(width, height) >= leastLongSide && Math.min(width, height) >= leastShortSide

const isPicture = (value: unknown): value is PdfPicture =>
  typeof value === "object" && value !== null && "data" in value && ArrayBuffer.isView(value.data) && "kind" in value

/** A page turned clockwise, as Exif counts. */
const orientationOf = (degrees: number): number => ({ 90: 6, 180: 3, 270: 8 })[degrees as 90 | 180 | 270] ?? 1

/** Uncompressed, with a header of three numbers. Reference: netpbm.sourceforge.net/doc/pnm.html */
function asPnm({ width, height, kind, data: { buffer, byteOffset, byteLength } }: PdfPicture): Uint8Array {
  const data = new Uint8Array(buffer, byteOffset, byteLength)
  const header = (letter: string, depth: string): Uint8Array =>
    new TextEncoder().encode(`${letter}\n${width} ${height}\n${depth}`)
  // Bitmaps of this format have set bits black.
  if (kind === 1) return Buffer.concat([header("P4", ""), data.map((byte) => ~byte & 0xff)])
  if (kind === 2) return Buffer.concat([header("P6", "255\n"), data])
  const colours = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; from < data.length && to < colours.length; from += 4, to += 3) {
    colours[to] = data[from] ?? 0
    colours[to + 1] = data[from + 1] ?? 0
    colours[to + 2] = data[from + 2] ?? 0
  }
  return Buffer.concat([header("P6", "255\n"), colours])
}
