import { open, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { newId } from "#core/ids.ts"

/** Replaces a file by one that only its owner can read, at once and durably: a cut leaves the old one. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${newId()}`
  try {
    const handle = await open(draft, "wx", 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  // The new name itself is on disk once its directory is; Windows has no such call and needs none.
  await open(dirname(path), "r").then(
    (directory) => directory.sync().finally(() => directory.close()),
    () => undefined,
  )
}
