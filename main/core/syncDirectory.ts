import { open } from "node:fs/promises"

/** Makes new names in a directory durable. Windows cannot open directories for this and needs no such flush. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r").catch(() => null)
  if (!directory) return
  await directory
    .sync()
    .catch(() => {})
    .finally(() => directory.close())
}
