import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { AppError } from "#core/errors.ts"
import { hashFile } from "#core/hashFile.ts"
import { syncDirectory } from "#core/syncDirectory.ts"
import type { CatalogFile } from "./catalog.ts"

/** Null when nothing is there. */
export async function sizeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.size ?? null
}

/** Removes a directory of leftovers. What another program still holds open stays, and is no reason to fail. */
export async function removeQuietly(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
}

/** Writes beside, flushes, renames: readers see the old or the new text, never half of one. */
export async function writeJsonAtomically(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.new`
  await writeFile(temporary, JSON.stringify(value), { flush: true })
  await rename(temporary, path)
}

/** Null when missing or not JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"))
  } catch {
    return null
  }
}

/**
 * Makes a finished part visible under its final name, after its size and hash were checked on disk. A wrong part is removed
 * and `download.bad-hash` thrown.
 */
export async function publishPart(
  partPath: string,
  finalPath: string,
  expected: CatalogFile,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(partPath, "r+")
  await file.sync().finally(() => file.close())
  const size = await sizeOf(partPath)
  if (size !== expected.sizeBytes || (await hashFile(partPath, signal)) !== expected.sha256) {
    await rm(partPath, { force: true })
    throw new AppError("download.bad-hash", `${expected.name} arrived with the wrong content and was thrown away.`, {
      remedy: "Try again. If it repeats, something on the way changes the file.",
    })
  }
  await mkdir(dirname(finalPath), { recursive: true })
  await rename(partPath, finalPath)
  await syncDirectory(dirname(finalPath))
}

/** Room kept free beside every download. */
const reserveBytes = 64 * 1024 * 1024

export async function freeDiskBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}

/** Throws `download.no-space`, naming what is needed and what is there. */
export function requireSpace(neededBytes: number, freeBytes: number): void {
  if (neededBytes + reserveBytes <= freeBytes) return
  throw new AppError(
    "download.no-space",
    `The disk has ${megabytes(freeBytes)} free; ${megabytes(neededBytes + reserveBytes)} are needed.`,
    { remedy: "Free some space, or set models.dir to a larger disk." },
  )
}

/** Turns a full disk while writing into `download.no-space`; other errors pass. */
export function asSpaceError(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code !== "ENOSPC" && code !== "EDQUOT") return error
  return new AppError("download.no-space", "The disk became full during the download. What arrived is kept.", {
    remedy: "Free some space and resume.",
    cause: error,
  })
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
