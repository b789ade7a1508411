import { strFromU8, unzipSync, zipSync } from "fflate"
import mammoth from "mammoth"
import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import { cleanText } from "./readText.ts"

/** XML of a document, unpacked. A thousand pages of text have about 10 MB. */
const largestInflatedBytes = 64 * 1024 * 1024
const neededPart = /^(?:\[Content_Types\]\.xml|_rels\/|docProps\/core\.xml|word\/[^/]+\.xml|word\/_rels\/)/

/** Headings, lists and tables of a Word document, as Markdown. Pictures, linked files and macros are never touched. */
export async function readDocx(bytes: Uint8Array): Promise<ReadDocument> {
  const parts = unpack(bytes)
  if (parts.EncryptedPackage || parts.EncryptionInfo) {
    throw new AppError("document.encrypted", "The document is protected with a password.", {
      remedy: "Save a copy without a password and add that.",
    })
  }
  if (!Object.keys(parts).some((name) => name.startsWith("word/"))) throw damaged(undefined)
  // Mammoth unpacks without a limit, so it gets only what was unpacked here, stored without compression.
  const buffer = Buffer.from(zipSync(parts, { level: 0 }))
  const options = {
    styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh"],
    convertImage: mammoth.images.imgElement(async () => ({ src: "" })),
    externalFileAccess: false,
  }
  const html = await mammoth.convertToHtml({ buffer }, options).then(
    (result) => result.value,
    (cause) => {
      throw damaged(cause)
    },
  )
  const core = parts["docProps/core.xml"]
  const title = core ? /<dc:title>([^<]{1,300})<\/dc:title>/.exec(strFromU8(core))?.[1]?.trim() : undefined
  return { text: cleanText(htmlToMarkdown(html)), title: title || null, pages: [], pageCount: null }
}

/** Counts what the archive says it unpacks to before anything is unpacked; an entry that lies is cut at what it said. */
function unpack(bytes: Uint8Array): Record<string, Uint8Array> {
  let inflated = 0
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!neededPart.test(name)) return false
        inflated += originalSize
        if (inflated > largestInflatedBytes) {
          throw new AppError("document.too-large", "The document unpacks to more than 64 MB of text.", {
            remedy: "Split it into smaller documents.",
          })
        }
        return true
      },
    })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw damaged(cause)
  }
}

const damaged = (cause: unknown): AppError =>
  new AppError("document.damaged", "The file is not a readable docx.", {
    remedy: "Open it in its own program and save it again.",
    cause,
  })
