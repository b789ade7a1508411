import type { ReadableKind } from "#contract/documentKinds.ts"
import { AppError } from "#core/errors.ts"
import type { ParsedDocument, ParseInput, ParseProgress, ReadDocument } from "./contract.ts"
import { detectKind } from "./detectKind.ts"
import type { ReadInside } from "./mail.ts"
import { readPicture } from "./pictures/readPicture.ts"
import { readCode } from "./readCode.ts"
import { readCsv } from "./readCsv.ts"
import { readDocx } from "./readDocx.ts"
import { readEml, readMbox } from "./readEml.ts"
import { readEpub } from "./readEpub.ts"
import { readHtml } from "./readHtml.ts"
import { readJson } from "./readJson.ts"
import { readMsg } from "./readMsg.ts"
import { readNotebook } from "./readNotebook.ts"
import { readOdt } from "./readOdt.ts"
import { readPdf } from "./readPdf.ts"
import { readPptx } from "./readPptx.ts"
import { readRtf } from "./readRtf.ts"
import { readSubtitles } from "./readSubtitles.ts"
import { readMarkdown, readPlainText } from "./readText.ts"
import { readXlsx } from "./readXlsx.ts"
import { readXmlFile } from "./readXmlFile.ts"
import { unitsOf } from "./units.ts"
import { damagedFile } from "./unpackZip.ts"

/** Characters of extracted text. About 10,000 pages. */
const largestText = 20_000_000
/** A file in a file in a file. */
const deepestInside = 3

interface FileContext {
  fileName: string
  recognition?: Uint8Array
  onProgress?: (progress: ParseProgress) => void
  readInside: ReadInside
}

type Reader = (bytes: Uint8Array, context: FileContext) => ReadDocument | Promise<ReadDocument>

const readers: Record<ReadableKind, Reader> = {
  txt: readPlainText,
  md: readMarkdown,
  html: readHtml,
  pdf: (bytes, { recognition, onProgress }) => readPdf(bytes, recognition, onProgress),
  docx: readDocx,
  pptx: readPptx,
  xlsx: readXlsx,
  csv: readCsv,
  epub: readEpub,
  eml: (bytes, { readInside }) => readEml(bytes, readInside),
  mbox: (bytes, { readInside }) => readMbox(bytes, readInside),
  msg: (bytes, { readInside }) => readMsg(bytes, readInside),
  rtf: readRtf,
  odt: readOdt,
  ipynb: readNotebook,
  json: readJson,
  xml: readXmlFile,
  code: (bytes, { fileName }) => readCode(bytes, fileName),
  subtitles: readSubtitles,
  audio: () => {
    throw new AppError("document.unsupported", "Sound is not read here.", {
      remedy: "Add the file by itself: its speech is written down by the speech-to-text model.",
    })
  },
  image: (bytes, { recognition }) => readPicture(bytes, recognition),
}

/** Reads one document, whatever its name says it is. `onProgress` hears of each page of a scan. Throws `document.*`. */
export async function readDocument(
  { bytes, fileName, recognition }: ParseInput,
  onProgress?: (progress: ParseProgress) => void,
): Promise<ParsedDocument> {
  if (bytes.byteLength === 0) throw empty()
  const kind = await detectKind(bytes, fileName)
  const {
    text,
    title,
    pages,
    pageCount,
    times = [],
    datedAt = null,
    structure,
  } = await read(kind, bytes, { fileName, recognition, onProgress }, 0)
  if (text.length > largestText) throw tooLong()
  const { sections, units } = structure ?? unitsOf(text)
  if (units.length === 0) throw empty()
  return {
    kind,
    title: title ?? firstHeading(sections) ?? titleOfName(fileName),
    text,
    pages,
    pageCount,
    times,
    datedAt,
    sections,
    units,
  }
}

async function read(
  kind: ReadableKind,
  bytes: Uint8Array,
  context: Omit<FileContext, "readInside">,
  depth: number,
): Promise<ReadDocument> {
  const readInside: ReadInside = async (file) => {
    if (depth >= deepestInside) return null
    const inner = await detectKind(file.bytes, file.fileName)
    return inner === "audio" || inner === "image"
      ? null
      : read(inner, file.bytes, { fileName: file.fileName }, depth + 1)
  }
  try {
    return await readers[kind](bytes, { ...context, readInside })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw damagedFile(kind, cause)
  }
}

const firstHeading = (sections: ParsedDocument["sections"]): string | undefined =>
  sections.find((section) => section.headingPath.length > 0)?.headingPath[0]

const titleOfName = (fileName: string): string =>
  fileName
    .replace(/\.[^.]+$/, "")
    .replace(/[_-]+/g, " ")
    .trim() || fileName

const empty = (): AppError =>
  new AppError("document.empty", "The file holds no text.", { remedy: "Add a file with content." })

const tooLong = (): AppError =>
  new AppError("document.too-large", "The document holds more than 20 million characters.", {
    remedy: "Split it into smaller documents.",
  })
