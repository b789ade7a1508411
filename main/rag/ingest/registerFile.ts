import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { basename, extname } from "node:path"
import { acceptedKinds, kindOfName } from "#contract/documentKinds.ts"
import type { Actor } from "#core/actor.ts"
import { AppError, isAbort } from "#core/errors.ts"
import type { DocumentRepository } from "#store/types.ts"
import { createByteGate } from "../byteGate.ts"
import { fileStamp } from "../fileStamp.ts"
import { noBytes, type Target, unreadable, type Work } from "./work.ts"

/** Reads a file and notes it in the store. What cannot be read at all is noted as failed. */
export type RegisterFile = (
  actor: Actor,
  target: Target,
  /** Files whose bytes are in memory: each is let go by calling it. */
  held: Set<() => void>,
  signal: AbortSignal,
) => Promise<{ work: Work; outcome: "changed" | "unchanged" | "failed" }>

/** Bytes of one file, unless a watched folder says less. */
export const largestFileBytes = 200 * 1024 * 1024
/** Bytes of files that wait to be parsed; a larger file goes alone. */
const waitingBytes = 256 * 1024 * 1024

/** @param fail Notes on the document that it cannot be read. */
export function createRegisterFile(
  documents: Pick<DocumentRepository, "upsert">,
  fail: (actor: Actor, work: Work, error: AppError) => Promise<void>,
): RegisterFile {
  /** Who reads a file last decides what is noted of it: one at a time per file. */
  const readers = new Map<string, Promise<unknown>>()
  const gate = createByteGate(waitingBytes)

  async function readAndNote(
    actor: Actor,
    target: Target,
    held: Set<() => void>,
    signal: AbortSignal,
  ): Promise<{ work: Work; outcome: "changed" | "unchanged" | "failed" }> {
    const { collectionId, filePath, relativePath, folderId } = target
    const kind = kindOfName(relativePath)
    const note = (contentHash: string, sizeBytes: number, stamp: string | null) =>
      documents.upsert(actor, {
        collectionId,
        title: basename(relativePath, extname(relativePath)),
        path: relativePath,
        kind: kind ?? "unknown",
        sizeBytes,
        filePath,
        contentHash,
        fileStamp: stamp,
        ...(folderId ? { folderId } : {}),
      })
    let sizeBytes = 0
    let release = (): void => {}
    try {
      const look = await fileStamp(filePath)
      sizeBytes = look.sizeBytes
      if (kind === null && !target.isNamed) throw unsupported()
      if (sizeBytes > (target.maxBytes ?? largestFileBytes)) throw tooLarge(target.maxBytes ?? largestFileBytes)
      const work: Omit<Work, "document"> = { target, stamp: look.stamp, bytes: noBytes, release }
      await gate.enter(look.sizeBytes, signal)
      release = (): void => {
        if (!held.delete(release)) return
        work.bytes = noBytes
        gate.leave(look.sizeBytes)
      }
      work.release = release
      held.add(release)
      work.bytes = await readFile(filePath)
      const { document, isUnchanged } = await note(hashOf(work.bytes), work.bytes.byteLength, look.kept)
      const isSame = isUnchanged && !target.isForced
      if (isSame) release()
      return { work: Object.assign(work, { document }), outcome: isSame ? "unchanged" : "changed" }
    } catch (error) {
      release()
      if (isAbort(error, signal)) throw error
      const known = error instanceof AppError ? error : unreadable(error)
      if (!known.code.startsWith("document.")) throw error
      const { document } = await note(`unread:${sizeBytes}`, sizeBytes, null)
      const work: Work = { target, document, stamp: "", bytes: noBytes, release }
      await fail(actor, work, known)
      return { work, outcome: "failed" }
    }
  }

  return (actor, target, held, signal) => {
    const before = readers.get(target.filePath) ?? Promise.resolve()
    const own = before.then(() => readAndNote(actor, target, held, signal))
    const settled = own.catch(() => undefined)
    readers.set(target.filePath, settled)
    void settled.then(() => {
      if (readers.get(target.filePath) === settled) readers.delete(target.filePath)
    })
    return own
  }
}

/** What identifies a file's bytes. */
export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const unsupported = (): AppError =>
  new AppError("document.unsupported", "Files of this type are not read.", {
    remedy: `Supported are ${acceptedKinds()}.`,
  })

const tooLarge = (limit: number): AppError =>
  new AppError("document.too-large", `The file is larger than ${Math.round(limit / 1024 / 1024)} MB.`, {
    remedy: "Split it into smaller files.",
  })
