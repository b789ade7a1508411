import { unzipSync } from "fflate"
import { AppError } from "#core/errors.ts"

/** XML of a document, unpacked. A thousand pages of text have about 10 MB. */
const largestInflatedBytes = 64 * 1024 * 1024
const mostEntries = 20_000

export type ZipParts = Record<string, Uint8Array>

/**
 * The parts of a zip container that are needed. Counts what the archive says it unpacks to before anything is unpacked; an entry that
 * lies is cut at what it said. Throws `document.too-large`, `document.encrypted` (zip encryption) or `document.damaged`.
 */
export function unpackZip(bytes: Uint8Array, kind: string, isNeeded: (name: string) => boolean): ZipParts {
  // The first entry tells for all: programs protect a whole archive.
  if (((bytes[6] ?? 0) & 1) === 1) throw encryptedFile()
  let inflated = 0
  let entries = 0
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (++entries > mostEntries) throw tooLargeFile()
        if (!isNeeded(name)) return false
        inflated += originalSize
        if (inflated > largestInflatedBytes) throw tooLargeFile()
        return true
      },
    })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw damagedFile(kind, cause)
  }
}

export const damagedFile = (kind: string, cause?: unknown): AppError =>
  new AppError("document.damaged", `The file is not a readable ${kind}.`, {
    remedy: "Open it in its own program and save it again.",
    ...(cause === undefined ? {} : { cause }),
  })

export const encryptedFile = (): AppError =>
  new AppError("document.encrypted", "The document is protected with a password.", {
    remedy: "Save a copy without a password and add that.",
  })

export const tooLargeFile = (): AppError =>
  new AppError("document.too-large", "The document unpacks to more than 64 MB of text.", {
    remedy: "Split it into smaller documents.",
  })
