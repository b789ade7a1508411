import { realpath } from "node:fs/promises"
import { basename, resolve } from "node:path"
import type { Document } from "#contract/documents.ts"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { followJob } from "./jobs.ts"
import { exitCode, note, printResult } from "./output.ts"

/**
 * `ingest`: adds files, folders or web pages and says what became of each. Files that cannot be read are told and do not fail the
 * command, as long as something else could be; a page that did not come does.
 */
export async function ingest(
  client: Client,
  paths: string[],
  options: { collection?: string; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  await ensureModels(client, ["embedder"], signal)
  const given = new Map<string, string[]>()
  for (const path of paths) {
    const { collectionId } = await ingestPath(client, path, options.collection, signal)
    given.set(collectionId, [...(given.get(collectionId) ?? []), await listedAs(path)])
  }
  const documents: Document[] = []
  for (const [collectionId, names] of given) {
    const { items } = await client.api("GET /api/documents", { query: { collectionId, limit: 5000 } }, signal)
    documents.push(...items.filter(({ path }) => names.some((name) => path === name || path.startsWith(`${name}/`))))
  }
  const failed = documents.filter((document) => document.status === "failed")
  const result = {
    collections: [...given.keys()],
    ready: documents.filter((document) => document.status === "ready").length,
    failed: failed.map((document) => ({ path: document.path, error: document.error })),
    passages: documents.reduce((sum, document) => sum + document.chunkCount, 0),
  }
  printResult(
    result,
    options.json,
    () => `${counted(result.ready, "document")} ready, ${counted(result.passages, "passage")}.`,
  )
  for (const { path, error } of result.failed) note(`${path}: ${error?.message ?? "failed"} ${error?.remedy ?? ""}`)
  // A page that was asked for by its address and did not come is a failure, whatever else the collection holds.
  if (failed.some((document) => isWebAddress(document.path))) return exitCode.failed
  return result.ready > 0 || failed.length === 0 ? exitCode.done : exitCode.failed
}

/** How a path that was added begins in the list of documents. */
async function listedAs(path: string): Promise<string> {
  if (isWebAddress(path)) return Object.assign(new URL(path), { hash: "" }).href
  return basename(await realpath(path).catch(() => resolve(path)))
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

/** Of any scheme: which ones are fetched is the core's to say. */
export const isWebAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(path)

/** Ingests one path into a named collection, or into the one kept for its real path; a web page into "My documents". */
export async function ingestPath(
  client: Client,
  path: string,
  collectionName: string | undefined,
  signal: AbortSignal,
): Promise<{ collectionId: string }> {
  const collectionId = collectionName ? await namedCollection(client, collectionName, signal) : undefined
  const { jobId, collectionId: used } = isWebAddress(path)
    ? await client.api("POST /api/documents/add-page", { body: { url: path, collectionId } }, signal)
    : await client.api("POST /api/documents/add-path", { body: { path: resolve(path), collectionId } }, signal)
  await followJob(client, jobId, signal)
  return { collectionId: used }
}

export async function namedCollection(client: Client, name: string, signal: AbortSignal): Promise<string> {
  const { items } = await client.api("GET /api/collections", {}, signal)
  const existing = items.find((item) => item.name === name)
  if (existing) return existing.id
  try {
    return (await client.api("POST /api/collections", { body: { name } }, signal)).id
  } catch (error) {
    if (error instanceof AppError && error.code === "request.conflict")
      return await namedCollection(client, name, signal)
    throw error
  }
}
