import { resolve } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Folder } from "#contract/folders.ts"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { isWebAddress, namedCollection } from "./ingest.ts"
import { createProgressLine, exitCode, note, printResult } from "./output.ts"

const lookEveryMs = 300

/**
 * `ingest --watch`: keeps up with folders. Says what was read once every folder has been; a core of this command then stays until
 * it is stopped, a running one goes on by itself.
 */
export async function watchFolders(
  client: Client,
  paths: string[],
  options: { collection?: string; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  if (paths.some(isWebAddress)) throw new AppError("request.invalid", "Only folders are watched, not web pages.")
  await ensureModels(client, ["embedder"], signal)
  const collectionId = options.collection ? await namedCollection(client, options.collection, signal) : undefined
  const folders: Folder[] = []
  for (const path of paths) {
    folders.push(await untilRead(client, await watched(client, resolve(path), collectionId, signal), signal))
  }
  const result = folders.map(
    ({ id, collectionId: collection, path, documentCount, skippedCount, errorCount, errors }) => ({
      id,
      collection,
      path,
      documents: documentCount,
      skipped: skippedCount,
      failed: errorCount,
      errors,
    }),
  )
  printResult({ folders: result }, options.json, () =>
    folders.map(({ path, documentCount }) => `${path}: ${documentCount} documents, watching.`).join("\n"),
  )
  for (const { errors } of folders)
    for (const { path, message, remedy = "" } of errors) note(`${path}: ${message} ${remedy}`)
  if (!client.isOwn) return exitCode.done
  note("Watching until Ctrl-C.")
  await delay(2 ** 31 - 1, undefined, { signal }).catch(() => undefined)
  return exitCode.done
}

/** A folder that is watched already goes on, also when it was paused. */
async function watched(
  client: Client,
  path: string,
  collectionId: string | undefined,
  signal: AbortSignal,
): Promise<Folder> {
  try {
    return await client.api("POST /api/folders", { body: { path, collectionId } }, signal)
  } catch (error) {
    if (!(error instanceof AppError && error.code === "request.conflict")) throw error
    const { items } = await client.api("GET /api/folders", {}, signal)
    const known = items.find((each) => each.path === path && (!collectionId || each.collectionId === collectionId))
    if (!known) throw error
    return client.api("PATCH /api/folders/:id", { params: { id: known.id }, body: { isPaused: false } }, signal)
  }
}

/** Waits until a folder has been compared with its documents and what changed has been read. */
export async function untilRead(client: Client, folder: Folder, signal: AbortSignal): Promise<Folder> {
  const line = createProgressLine()
  try {
    let seen = folder
    while (seen.state === "scanning") {
      await delay(lookEveryMs, undefined, { signal })
      seen = await client.api("GET /api/folders/:id", { params: { id: folder.id } }, signal)
      line.show(`${seen.name}: ${seen.done} of ${seen.total} files`)
    }
    return seen
  } finally {
    line.clear()
  }
}
