import { getDocumentProxy } from "unpdf"
import { AppError } from "#core/errors.ts"
import type { ParseProgress, ReadDocument } from "./contract.ts"
import { layoutPages, type PdfItem } from "./layoutPages.ts"
import { installRecognition, mostPixels } from "./pictures/readPicture.ts"
import { type PdfDocument, readScan } from "./pictures/readScan.ts"
import { cleanText } from "./readText.ts"

const largestPageCount = 5000

/**
 * Text of a PDF in reading order with the offset of each page. Scans have none: their pictures are read with the data in
 * `recognition`; without it, `document.no-text`.
 */
export async function readPdf(
  bytes: Uint8Array,
  recognition?: Uint8Array,
  onProgress?: (progress: ParseProgress) => void,
): Promise<ReadDocument> {
  // Copy: pdf.js refuses Buffers, and takes over the memory it is given.
  const document = await open(new Uint8Array(bytes))
  try {
    if (document.numPages > largestPageCount) {
      throw new AppError(
        "document.too-large",
        `The PDF has ${document.numPages} pages; the limit is ${largestPageCount}.`,
        {
          remedy: "Split it into smaller files.",
        },
      )
    }
    const pages: PdfItem[][] = []
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      pages.push(items.flatMap((item) => ("str" in item ? [toItem(item)] : [])))
      page.cleanup()
    }
    if (pages.every((items) => items.every((item) => item.text.trim() === ""))) {
      if (recognition === undefined) {
        throw new AppError("document.no-text", "The PDF holds pictures of pages, no text.", {
          remedy: installRecognition,
        })
      }
      return { ...(await readScan(document, recognition, onProgress)), title: await titleOf(document) }
    }
    const { text, starts } = layoutPages(pages)
    return {
      text,
      title: await titleOf(document),
      pages: starts.map((start, index) => ({ page: index + 1, start })),
      pageCount: document.numPages,
    }
  } catch (error) {
    throw error instanceof AppError ? error : damaged(error)
  } finally {
    await document.loadingTask.destroy()
  }
}

async function open(bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await getDocumentProxy(bytes, {
      useSystemFonts: false,
      stopAtErrors: false,
      maxImageSize: mostPixels,
      verbosity: 0,
    })
  } catch (error) {
    if (error instanceof Error && error.name === "PasswordException") {
      throw new AppError("document.encrypted", "The PDF is protected with a password.", {
        remedy: "Save a copy without a password and add that.",
        cause: error,
      })
    }
    throw damaged(error)
  }
}

function toItem(item: { str: string; transform: unknown[]; width: number; height: number; hasEOL: boolean }): PdfItem {
  const [a, b, , , x, y] = item.transform.map(Number)
  return {
    text: cleanText(item.str).replaceAll("\n", " "),
    x: x ?? 0,
    y: y ?? 0,
    width: item.width,
    size: item.height > 0 ? item.height : Math.hypot(a ?? 0, b ?? 0),
    endsLine: item.hasEOL,
  }
}

async function titleOf(document: PdfDocument): Promise<string | null> {
  const { info } = await document.getMetadata()
  const title = "Title" in info && typeof info.Title === "string" ? info.Title.trim() : ""
  // Print dialogs leave the program's file name here.
  return title !== "" &&
    title.length <= 300 &&
    !/\.(?:docx?|pdf|indd|tex|html?)$|^untitled|^microsoft word/i.test(title)
    ? title
    : null
}

const damaged = (cause: unknown): AppError =>
  new AppError("document.damaged", "The file is not a readable PDF.", {
    remedy: "Open it in a PDF viewer and print it to a new PDF.",
    cause,
  })
