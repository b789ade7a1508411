import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { createExcludes, type Excludes } from "./excludes.ts"

export interface FoundFile {
  filePath: string
  /** Path below the walked folder, with `/` on every system. */
  relativePath: string
}

export interface WalkOptions {
  /** Default: only what is always skipped. */
  excludes?: Excludes
  /** Where to begin, below the root, with `/`. Default: the root. */
  below?: string
  /** Hears of a folder below that may not be read or does not answer; its files are unknown, not gone. */
  onUnreadable?: (folder: string, error: unknown) => void
}

/**
 * Files below a root, sorted. Hidden files and folders, installed packages and links are left out: links could lead in circles or
 * outside. Throws when the folder it begins with cannot be read.
 */
export async function* walkFolder(
  root: string,
  signal: AbortSignal,
  options: WalkOptions = {},
): AsyncGenerator<FoundFile> {
  const { excludes = createExcludes([], false), below = "", onUnreadable } = options
  signal.throwIfAborted()
  const folder = below === "" ? root : join(root, ...below.split("/"))
  const entries = await readdir(folder, { withFileTypes: true })
  await excludes.enter(folder, below)
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const relativePath = below === "" ? entry.name : `${below}/${entry.name}`
    if (excludes.has(relativePath, entry.isDirectory())) continue
    const filePath = join(folder, entry.name)
    if (entry.isFile()) yield { filePath, relativePath }
    else if (entry.isDirectory()) {
      try {
        yield* walkFolder(root, signal, { ...options, excludes, below: relativePath })
      } catch (error) {
        signal.throwIfAborted()
        const code = error instanceof Error && "code" in error ? error.code : null
        // Gone since its name was read: then its files are gone too.
        if (code === "ENOENT" || code === "ENOTDIR") continue
        if (onUnreadable) onUnreadable(filePath, error)
        else if (code !== "EACCES" && code !== "EPERM") throw error
      }
    }
  }
}
