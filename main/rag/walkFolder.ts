import { readdir } from "node:fs/promises"
import { join } from "node:path"

export interface FoundFile {
  filePath: string
  /** Path below the walked folder, with `/` on every system. */
  relativePath: string
}

const skippedFolders = new Set(["node_modules", "__pycache__", "$RECYCLE.BIN", "System Volume Information"])

/** Files below a folder, sorted. Hidden files and folders, installed packages and links are left out: links could lead in circles or outside. */
export async function* walkFolder(folder: string, signal: AbortSignal, below = ""): AsyncGenerator<FoundFile> {
  signal.throwIfAborted()
  const entries = await readdir(folder, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (entry.name.startsWith(".") || entry.name.startsWith("~$")) continue
    const filePath = join(folder, entry.name)
    const relativePath = below === "" ? entry.name : `${below}/${entry.name}`
    if (entry.isFile()) yield { filePath, relativePath }
    else if (entry.isDirectory() && !skippedFolders.has(entry.name)) {
      try {
        yield* walkFolder(filePath, signal, relativePath)
      } catch (error) {
        signal.throwIfAborted()
        // A folder that may not be read hides its own files only.
        if (!(error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM")))
          throw error
      }
    }
  }
}
