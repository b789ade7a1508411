import { createHash } from "node:crypto"
import { mkdir, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Actor } from "#core/actor.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { DocumentRecord, Store } from "#store/types.ts"
import type { IngestPayload } from "../ingest.ts"
import { type FetchedPage, parseAddress } from "./fetchPage.ts"

export interface PagesDeps {
  documents: Store["documents"]
  /** Where fetched pages are kept, so that a citation shows what was read even when the page is gone. */
  uploadsDir: string
  fetchPage: (address: string, signal: AbortSignal) => Promise<FetchedPage>
  onDocument?: (document: { id: string; collectionId: string }) => void
}

/** Pages of the web as documents: fetched before they are read, and again when they are read again. */
export interface Pages {
  /**
   * What is to be ingested once the pages are here; other payloads pass unchanged. A page that cannot be fetched is listed as failed with
   * its reason; one that was read before keeps its text, and the error is thrown.
   */
  prepare(actor: Actor, payload: IngestPayload, signal: AbortSignal): Promise<IngestPayload | null>
}

export function createPages({ documents, uploadsDir, fetchPage, onDocument }: PagesDeps): Pages {
  async function fetchInto(
    actor: Actor,
    collectionId: string,
    url: string,
    known: DocumentRecord | null,
    signal: AbortSignal,
  ): Promise<{ filePath: string; relativePath: string } | null> {
    const filePath = known?.filePath ?? (await pageFile(collectionId, url))
    const row = {
      collectionId,
      title: known?.title ?? url,
      path: url,
      url,
      filePath,
      kind: known?.kind ?? "unknown",
    } as const
    try {
      const bytes = asFile(await fetchPage(url, signal))
      // Whole or not at all: the kept page may be read at this moment.
      const partPath = `${filePath}.${newId()}.part`
      await writeFile(partPath, bytes)
      await rename(partPath, filePath)
      const contentHash = createHash("sha256").update(bytes).digest("hex")
      const { document } = await documents.upsert(actor, { ...row, sizeBytes: bytes.byteLength, contentHash })
      onDocument?.(document)
      return { filePath, relativePath: url }
    } catch (error) {
      if (isAbort(error, signal) || !(error instanceof AppError)) throw error
      if (known && known.chunkCount > 0) throw error
      const { document } = await documents.upsert(actor, { ...row, sizeBytes: 0, contentHash: "unread:0" })
      await documents.setStage(actor, document.id, "parse", "failed", errorInfo(error))
      onDocument?.(document)
      return null
    }
  }

  async function pageFile(collectionId: string, url: string): Promise<string> {
    const folder = join(uploadsDir, collectionId)
    await mkdir(folder, { recursive: true })
    return join(folder, `${createHash("sha256").update(url).digest("hex").slice(0, 32)}.page`)
  }

  return {
    async prepare(actor, payload, signal) {
      if (payload.type === "page") {
        const url = parseAddress(payload.url).href
        const file = await fetchInto(actor, payload.collectionId, url, null, signal)
        return file && { type: "files", collectionId: payload.collectionId, files: [file] }
      }
      if (payload.type !== "document") return payload
      const known = await documents.get(actor, payload.documentId)
      if (!known.url) return payload
      return (await fetchInto(actor, known.collectionId, known.url, known, signal)) && payload
    },
  }
}

const textTypes = /^text\/|json$|xml$/

/** The page as a file that tells by itself what it is: text in UTF-8, HTML with its first line. */
function asFile({ bytes, contentType, charset }: FetchedPage): Uint8Array {
  const isHtml = contentType === "text/html" || contentType === "application/xhtml+xml"
  if (!textTypes.test(contentType)) return bytes
  const text = charset && !/^utf-?8$/i.test(charset) ? decodeAs(charset, bytes) : null
  const decoded = text === null ? bytes : new TextEncoder().encode(text)
  const head = new TextDecoder("latin1").decode(decoded.subarray(0, 2048))
  if (!isHtml || /<(?:!doctype html|html|head|body)\b/i.test(head)) return decoded
  return Buffer.concat([new TextEncoder().encode("<!doctype html>\n"), decoded])
}

function decodeAs(charset: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return null
  }
}
