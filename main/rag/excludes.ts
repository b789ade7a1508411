import { readFile } from "node:fs/promises"
import { join } from "node:path"
import ignore, { type Ignore } from "ignore"

/** Says which files and folders below a root are left out. */
export interface Excludes {
  /** @param relativePath Below the root, with `/`. */
  has(relativePath: string, isFolder: boolean): boolean
  /** Takes the folder's own .gitignore into account. @param relativePath The folder, "" for the root. */
  enter(folder: string, relativePath: string): Promise<void>
}

const skippedFolders = new Set(["node_modules", "__pycache__", "$RECYCLE.BIN", "System Volume Information"])

/** Never read, whatever the excludes say: hidden things, installed packages, what office programs put beside an open file. */
export const isAlwaysSkipped = (name: string, isFolder: boolean): boolean =>
  name.startsWith(".") || name.startsWith("~$") || (isFolder && skippedFolders.has(name))

/** @param lines As in a .gitignore, relative to the root. */
export function createExcludes(lines: readonly string[], followsGitignore: boolean): Excludes {
  const own = ignore({ allowRelativePaths: true }).add([...lines])
  const nested = new Map<string, Ignore>()
  const test = (rules: Ignore, path: string, isFolder: boolean): boolean => rules.ignores(isFolder ? `${path}/` : path)
  return {
    has(relativePath, isFolder) {
      const name = relativePath.slice(relativePath.lastIndexOf("/") + 1)
      if (isAlwaysSkipped(name, isFolder)) return true
      if (lines.length > 0 && test(own, relativePath, isFolder)) return true
      for (const [folder, rules] of nested) {
        const below = folder === "" ? relativePath : relativePath.slice(folder.length + 1)
        const isInside = folder === "" || relativePath.startsWith(`${folder}/`)
        if (isInside && test(rules, below, isFolder)) return true
      }
      return false
    },
    async enter(folder, relativePath) {
      if (!followsGitignore) return
      try {
        nested.set(relativePath, ignore().add(await readFile(join(folder, ".gitignore"), "utf8")))
      } catch {
        nested.delete(relativePath)
      }
    },
  }
}
