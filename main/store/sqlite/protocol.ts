import { type ErrorCode, errorCodes } from "#contract/errors.ts"
import { AppError } from "#core/errors.ts"
import type { OpenOptions } from "./openDatabase.ts"

/** What the worker is started with. */
export type StoreWorkerData = Omit<OpenOptions, "migrations"> & {
  /** Base64. */
  auditKey: string
  vectorKernel: WebAssembly.Module
}

/** One call: `path` is `repository.method`, or `check`, `backup` or `close`. `now` is the caller's clock. */
export interface StoreCall {
  id: number
  path: string
  args: unknown[]
  now: number
}

export type StoreAnswer =
  | { type: "ready"; problems: string[] }
  | { type: "refused"; error: PlainError }
  | { type: "progress"; id: number; share: number }
  | { type: "result"; id: number; value: unknown }
  | { type: "error"; id: number; error: PlainError }

/** An AppError on its way through structured clone, which keeps only an error's message. */
export interface PlainError {
  code: ErrorCode
  message: string
  remedy?: string
  details?: unknown
  /** What lay beneath, for the log. */
  cause?: string
}

export function toPlainError(error: unknown): PlainError {
  const cause = error instanceof Error ? error.cause : undefined
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      remedy: error.remedy,
      details: error.details,
      cause: cause instanceof Error ? cause.message : undefined,
    }
  }
  return {
    code: "store.failed",
    message: "The database worker failed.",
    remedy: "Try again. If it repeats, run `zenglow doctor`.",
    cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

export function fromPlainError(error: PlainError): AppError {
  return new AppError(error.code in errorCodes ? error.code : "store.failed", error.message, {
    remedy: error.remedy,
    details: error.details,
    cause: error.cause === undefined ? undefined : new Error(error.cause),
  })
}

/** Vectors of one call as one block, so that they cross in one piece and the caller keeps its own. */
export interface PackedVectors {
  values: Float32Array<ArrayBuffer>
  dimensions: number
}

export function packVectors(vectors: readonly Float32Array[]): PackedVectors {
  const dimensions = vectors[0]?.length ?? 0
  const values = new Float32Array(dimensions * vectors.length)
  for (const [n, vector] of vectors.entries()) {
    if (vector.length !== dimensions) {
      throw new AppError("store.failed", `A vector has ${vector.length} dimensions, the others have ${dimensions}.`)
    }
    values.set(vector, n * dimensions)
  }
  return { values, dimensions }
}

export const unpackVectors = ({ values, dimensions }: PackedVectors, count: number): Float32Array[] =>
  Array.from({ length: count }, (_, n) => values.subarray(n * dimensions, (n + 1) * dimensions))
