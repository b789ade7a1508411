import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import { backup, backupId } from "#contract/backups.ts"
import { AppError } from "#core/errors.ts"

/** Name of the file that says what a backup holds. Written last: a folder without it is no backup. */
export const manifestName = "backup.json"
/** Raised when a backup of an older ZenGlow could no longer be put back as it is. */
const formatVersion = 1

/** A path inside the backup: parts between slashes, none of which leads out of it. */
const insidePath = z
  .string()
  .max(1000)
  .refine((path) =>
    path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part)),
  )

const manifestSchema = backup.omit({ files: true, sizeBytes: true }).extend({
  product: z.literal("zenglow"),
  format: z.number().int(),
  id: backupId,
  files: z.array(
    z.object({ path: insidePath, sizeBytes: z.number().int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
})
export type Manifest = z.infer<typeof manifestSchema>

export const newManifest = (rest: Omit<Manifest, "product" | "format">): Manifest => ({
  product: "zenglow",
  format: formatVersion,
  ...rest,
})

/**
 * What a backup says of itself. Throws `backup.not-found`, `backup.foreign` (not a backup of ZenGlow), `backup.newer`, `backup.damaged`.
 * @param newestSchema The newest schema of a database that this ZenGlow reads.
 */
export async function readManifest(folder: string, newestSchema: number): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw damaged("its list cannot be read", cause)
    throw new AppError("backup.not-found", "There is no such backup.", { remedy: "`zenglow backup list` shows them." })
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw damaged("its list is torn", cause)
  }
  const head = z.looseObject({ product: z.string(), format: z.number(), schemaVersion: z.number() }).safeParse(value)
  if (!head.success || head.data.product !== "zenglow")
    throw new AppError("backup.foreign", "This is not a backup of ZenGlow.", {
      remedy: "Choose a folder that `zenglow backup create` made.",
    })
  if (head.data.format > formatVersion || head.data.schemaVersion > newestSchema)
    throw new AppError("backup.newer", "A newer ZenGlow made this backup.", { remedy: "Update ZenGlow, then restore." })
  const manifest = manifestSchema.safeParse(value)
  if (!manifest.success) throw damaged("its list is not as it was written")
  return manifest.data
}

export const damaged = (reason: string, cause?: unknown): AppError =>
  new AppError("backup.damaged", `The backup is damaged: ${reason}.`, {
    remedy: "Choose another one; nothing was changed.",
    ...(cause === undefined ? {} : { cause }),
  })
