import { constants, copyFile, link, mkdir, open, readdir, stat, utimes } from "node:fs/promises"
import { dirname, join } from "node:path"

/** A copy that is on disk when this resolves, with the time of the original. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await copyFile(from, to, constants.COPYFILE_FICLONE)
  const { atime, mtime } = await stat(from)
  await utimes(to, atime, mtime)
  await flush(to)
}

/** The same bytes under another name where the disk can do that, else a copy. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await link(from, to).catch(() => copyDurably(from, to))
}

export async function flush(path: string): Promise<void> {
  const file = await open(path, "r+")
  await file.sync().finally(() => file.close())
}

/** Files below a folder or the file itself, as paths with slashes, relative to `root`. Links and devices are left out. */
export async function filesBelow(root: string, name: string): Promise<string[]> {
  const path = join(root, name)
  const found = await stat(path).catch(() => null)
  if (found?.isFile()) return [name]
  if (!found?.isDirectory()) return []
  const entries = await readdir(path, { withFileTypes: true })
  const lists = await Promise.all(
    entries.map((entry) => {
      if (entry.isDirectory()) return filesBelow(root, `${name}/${entry.name}`)
      return entry.isFile() ? [`${name}/${entry.name}`] : []
    }),
  )
  return lists.flat()
}
