import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "../contract.ts"
import { cleanText } from "../readText.ts"
import { damagedFile } from "../unpackZip.ts"
import { readPictureHeader } from "./pictureHeader.ts"
import { openRecognizer, type RecognizedWord } from "./recognizer.ts"

/** A page of A4 at 600 dots per inch has 35 million. */
export const mostPixels = 40_000_000
/** The engine counts places in 16 bits. */
const longestSide = 32_767
/** Of 100. Words below are as often wrong as right: smudges, ornaments, letters of other alphabets. */
export const leastConfidence = 40
/** Letters and digits. Fewer are a speck that looks like a letter. */
const fewestLetters = 3

/** The text of a picture, line by line. Throws `document.unsupported`, `document.too-large`, `document.damaged` or `document.no-text`. */
export async function readPicture(bytes: Uint8Array, data: Uint8Array | undefined): Promise<ReadDocument> {
  const header = readPictureHeader(bytes)
  if (header === null) {
    throw new AppError("document.unsupported", "Pictures of this type are not read.", {
      remedy: "Save it as PNG or JPEG and add that.",
    })
  }
  if (data === undefined) throw noRecognition()
  const { width, height, orientation, firstEnd } = header
  if (width === 0 || height === 0) throw damagedFile("image")
  if (width * height > mostPixels || Math.max(width, height) > longestSide) throw tooLarge(width, height)
  const recognizer = await openRecognizer(data)
  const words = recognizer.read(firstEnd === undefined ? bytes : firstOf(bytes, firstEnd), orientation)
  if (words === null) throw damagedFile("image")
  const text = textOf(words)
  if (text === "") {
    throw new AppError("document.no-text", "No text was found in the picture.", {
      remedy: "Add a larger or sharper picture of the text.",
    })
  }
  return { text, title: null, pages: [], pageCount: null }
}

/** The words that are sure enough, in their lines and paragraphs. Empty where nothing is left. */
export function textOf(words: readonly RecognizedWord[]): string {
  let text = ""
  let previous: RecognizedWord | undefined
  for (const word of words) {
    if (word.confidence < leastConfidence) continue
    if (previous) text += previous.paragraph !== word.paragraph ? "\n\n" : previous.line !== word.line ? "\n" : " "
    text += word.text
    previous = word
  }
  const letters = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
  return letters < fewestLetters ? "" : asPlain(cleanText(text))
}

/** Marks that Markdown would take for structure stay what they look like. */
const asPlain = (text: string): string => text.replace(/^(#{1,6}|>|```+|~~~+)(?=\s|$)/gm, "\\$1")

/** The first frame alone, closed by GIF's trailer. */
function firstOf(bytes: Uint8Array, end: number): Uint8Array {
  const first = new Uint8Array(Math.min(end, bytes.length) + 1)
  first.set(bytes.subarray(0, first.length - 1))
  first[first.length - 1] = 0x3b
  return first
}

/** What helps where the data is missing. */
export const installRecognition =
  "Install “Text in pictures” on the Models page, or run `zenglow models pull tesseract-eng`, then read the file again."

const noRecognition = (): AppError =>
  new AppError(
    "document.unsupported",
    "This is a picture, and the data that reads the text of pictures is not installed.",
    {
      remedy: installRecognition,
    },
  )

function tooLarge(width: number, height: number): AppError {
  const size = `${width.toLocaleString("en")} × ${height.toLocaleString("en")}`
  return new AppError(
    "document.too-large",
    `The picture has ${size} pixels; the limit is 40 million, and 32,767 a side.`,
    {
      remedy: "Save a smaller copy and add that.",
    },
  )
}
