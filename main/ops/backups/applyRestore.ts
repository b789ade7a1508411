import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { backupId } from "#contract/backups.ts"
import { syncDirectory } from "#core/syncDirectory.ts"
import { besideDatabase, databaseNames } from "./backedUp.ts"

/** Folder in the data directory in which a restore is prepared. */
export const restoreFolder = "restore"
/** Says that everything is there and checked. From here on the restore is done, however often the power goes. */
export const readyName = "ready.json"

export const readySchema = z.object({
  id: backupId,
  safetyId: backupId,
  /** Files and folders of the data directory, and whether something takes their place. */
  names: z.array(z.object({ name: z.string().regex(/^[\w-]+(?:\.[\w-]+)*$/), isReplaced: z.boolean() })),
})
export type Ready = z.infer<typeof readySchema>

/**
 * Finishes a restore that was prepared, before anything opens the data directory. Each name is moved out of the way, then
 * replaced; one whose replacement is no longer waiting is done, so a start that was cut off goes on where it stopped. Null: nothing waits.
 */
export async function applyRestore(dataDir: string): Promise<Ready | null> {
  const folder = join(dataDir, restoreFolder)
  if (!existsSync(folder)) return null
  const ready = readReady(folder)
  if (!ready) {
    // Cut off while it was being prepared: nothing was replaced yet.
    rmSync(folder, { recursive: true, force: true })
    return null
  }
  const replaced = join(folder, "replaced")
  mkdirSync(replaced, { recursive: true })
  const moveAway = (name: string): void => {
    if (!existsSync(join(dataDir, name))) return
    rmSync(join(replaced, name), { recursive: true, force: true })
    renameSync(join(dataDir, name), join(replaced, name))
  }
  for (const { name, isReplaced } of ready.names) {
    const waiting = join(folder, "files", name)
    if (isReplaced && !existsSync(waiting)) continue
    moveAway(name)
    if (databaseNames.includes(name)) for (const suffix of besideDatabase) moveAway(`${name}${suffix}`)
    if (isReplaced) renameSync(waiting, join(dataDir, name))
  }
  await syncDirectory(dataDir)
  rmSync(join(folder, readyName), { force: true })
  rmSync(folder, { recursive: true, force: true })
  return ready
}

function readReady(folder: string): Ready | null {
  try {
    return readySchema.parse(JSON.parse(readFileSync(join(folder, readyName), "utf8")))
  } catch {
    return null
  }
}
