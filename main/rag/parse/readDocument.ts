import { AppError } from "#core/errors.ts"
import type { ParsedDocument, ParseInput, ReadDocument } from "./contract.ts"
import { detectKind, type ReadableKind } from "./detectKind.ts"
import { readDocx } from "./readDocx.ts"
import { readHtml } from "./readHtml.ts"
import { readPdf } from "./readPdf.ts"
import { readMarkdown, readPlainText } from "./readText.ts"
import { unitsOf } from "./units.ts"

/** Characters of extracted text. About 10,000 pages. */
const largestText = 20_000_000

const readers: Record<ReadableKind, (bytes: Uint8Array) => ReadDocument | Promise<ReadDocument>> = {
  txt: readPlainText,
  md: readMarkdown,
  html: readHtml,
  pdf: readPdf,
  docx: readDocx,
}

/** Reads one document, whatever its name says it is. Throws `document.*`. */
export async function readDocument({ bytes, fileName }: ParseInput): Promise<ParsedDocument> {
  if (bytes.byteLength === 0) throw empty()
  const kind = await detectKind(bytes, fileName)
  const { text, title, pages, pageCount } = await read(kind, bytes)
  if (text.length > largestText) {
    throw new AppError("document.too-large", "The document holds more than 20 million characters.", {
      remedy: "Split it into smaller documents.",
    })
  }
  const { sections, units } = unitsOf(text)
  if (units.length === 0) throw empty()
  return {
    kind,
    title: title ?? firstHeading(sections) ?? titleOfName(fileName),
    text,
    pages,
    pageCount,
    sections,
    units,
  }
}

async function read(kind: ReadableKind, bytes: Uint8Array): Promise<ReadDocument> {
  try {
    return await readers[kind](bytes)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError("document.damaged", `The file is not a readable ${kind}.`, {
      remedy: "Open it in its own program and save it again.",
      cause,
    })
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
