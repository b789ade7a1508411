import { AppError } from "#core/errors.ts"
import type { DocumentRecord, NewChunk } from "#store/types.ts"
import type { ParsedDocument } from "../parse/contract.ts"

/** One file to look at. */
export interface Target {
  collectionId: string
  filePath: string
  /** The path it is listed under. */
  relativePath: string
  /** The watched folder it belongs to. Default: none. */
  folderId?: string
  /** A file named by the person is looked into whatever its name; in a folder the name decides. */
  isNamed: boolean
  isForced: boolean
  /** Default 200 MiB. */
  maxBytes?: number
  /** Vectors of its passages before it changed: those whose words stay are not made again. */
  earlier?: EarlierVectors
}

/** Vectors by what was embedded. */
export interface EarlierVectors {
  fingerprint: string
  byInput: ReadonlyMap<string, Float32Array>
}

/** What became of a file. `outdated`: it changed while it was read, and is looked at again. */
export interface Outcome {
  target: Target
  kind: "indexed" | "unchanged" | "failed" | "outdated"
  sizeBytes: number
  passages: number
  /** Its vectors follow later: see `fillVectors`. */
  isDeferred: boolean
}

/** A file on its way: each stage adds its part. */
export interface Work {
  target: Target
  document: DocumentRecord
  /** How the file looked when it was read. */
  stamp: string
  bytes: Uint8Array
  /** Lets the bytes go. */
  release: () => void
  parsed?: ParsedDocument
  chunks?: NewChunk[]
  vectors?: Float32Array[] | null
  fingerprint?: string | null
}

/** No bytes: none yet, or none any more. */
export const noBytes = new Uint8Array()

export const unreadable = (cause: unknown): AppError =>
  new AppError("document.unreadable", "The file cannot be opened.", {
    remedy: "Check that it exists and that you may read it, then add it again.",
    cause,
  })
