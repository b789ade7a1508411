import { createHash } from "node:crypto"
import { mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { readMembers } from "./archive.ts"
import type { ArchiveSource, CatalogArchive, CatalogFile } from "./catalog.ts"
import { readJson, removeQuietly, sizeOf, writeJsonAtomically } from "./diskFiles.ts"
import type { RegistryClient } from "./registryClients.ts"

/** How far each file's part has been put together. */
const partState = z.object({
  source: z.string(),
  parts: z.record(z.string(), z.object({ bytes: z.number(), members: z.number() })),
})
type PartState = z.infer<typeof partState>

/**
 * Puts the missing files together out of a source's archives, one archive at a time: fetched, unpacked onto the parts,
 * deleted. While one is unpacked the next is fetched, so at most two lie on the disk. A later call goes on behind the last archive that was unpacked whole.
 */
export async function installFromArchives(
  source: ArchiveSource,
  missing: ReadonlyMap<string, CatalogFile>,
  incoming: string,
  client: RegistryClient,
  report: (file: string, bytes: number, current: string) => void,
  publish: (file: CatalogFile, partPath: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const statePath = join(incoming, "archives.json")
  const key = createHash("sha256").update(JSON.stringify(source)).digest("hex").slice(0, 16)
  const state = await readState(statePath, key, incoming, [...missing.keys()])
  await removeLeftovers(incoming)

  const { steps, assembled } = planOf(source, missing, state)
  for (const file of assembled) await publish(file, join(incoming, `${file.name}.assembled`))
  const ahead = new AbortController()
  const fetchSignal = AbortSignal.any([signal, ahead.signal])
  const fetchStep = (step: Step): Promise<string> => {
    const path = fetchArchive(step.archive, key, incoming, client, fetchSignal, (bytes) => {
      if (step !== current) return
      const part = Math.min(1, bytes / step.archive.archiveBytes)
      for (const { file, share } of step.takes) {
        report(file.name, (state.parts[file.name]?.bytes ?? 0) + part * share, nameOf(step.archive))
      }
    })
    // Awaited later: a failure in between must not count as unhandled.
    path.catch(() => {})
    return path
  }

  let current = steps[0]
  let pending = current ? fetchStep(current) : undefined
  try {
    for (const [index, step] of steps.entries()) {
      current = step
      const path = await (pending ?? fetchStep(step))
      const next = steps[index + 1]
      pending = next ? fetchStep(next) : undefined
      await unpack(step, path, client.format, incoming, state, report, signal)
      await writeJsonAtomically(statePath, state)
      await rm(path, { force: true })
      for (const { file, isLast } of step.takes) {
        if (!isLast) continue
        delete state.parts[file.name]
        await publish(file, join(incoming, `${file.name}.assembled`))
      }
    }
  } finally {
    ahead.abort()
    await pending?.catch(() => {})
  }
}

interface Take {
  member: string
  file: CatalogFile
  isLast: boolean
  /** Estimate of this member's bytes, for progress while its archive arrives. */
  share: number
}
interface Step {
  archive: CatalogArchive
  takes: Take[]
}

/** The archives still to be fetched, with what each contributes, and the files that only wait to be checked. */
function planOf(
  source: ArchiveSource,
  missing: ReadonlyMap<string, CatalogFile>,
  state: PartState,
): { steps: Step[]; assembled: CatalogFile[] } {
  const counts = new Map<string, number>()
  const sizes = new Map<string, number>()
  for (const archive of source.archives) {
    for (const { file } of archive.members) {
      counts.set(file, (counts.get(file) ?? 0) + 1)
      sizes.set(file, (sizes.get(file) ?? 0) + archive.archiveBytes)
    }
  }
  const seen = new Map<string, number>()
  const steps: Step[] = []
  for (const archive of source.archives) {
    const takes: Take[] = []
    for (const { path, file: name } of archive.members) {
      const ordinal = (seen.get(name) ?? 0) + 1
      seen.set(name, ordinal)
      const file = missing.get(name)
      if (!file || ordinal <= (state.parts[name]?.members ?? 0)) continue
      const share = (file.sizeBytes * archive.archiveBytes) / (sizes.get(name) ?? archive.archiveBytes)
      takes.push({ member: path, file, isLast: ordinal === counts.get(name), share })
    }
    if (takes.length > 0) steps.push({ archive, takes })
  }
  const assembled = [...missing.values()].filter((file) => {
    const count = counts.get(file.name)
    return count !== undefined && state.parts[file.name]?.members === count
  })
  return { steps, assembled }
}

/** Fetches into a fresh directory, then renames: an archive under its final name is whole. */
async function fetchArchive(
  archive: CatalogArchive,
  key: string,
  incoming: string,
  client: RegistryClient,
  signal: AbortSignal,
  onBytes: (arrivedBytes: number) => void,
): Promise<string> {
  const path = join(incoming, `${key}-${nameOf(archive).replace(/[^\w.-]/g, "_")}.archive`)
  if ((await sizeOf(path)) !== null) return path
  const directory = await mkdtemp(join(incoming, "fetch-"))
  try {
    await rename(await client.fetch(archive, directory, onBytes, signal), path)
    return path
  } finally {
    await removeQuietly(directory)
  }
}

async function unpack(
  step: Step,
  archivePath: string,
  format: "zip" | "tgz",
  incoming: string,
  state: PartState,
  report: (file: string, bytes: number, current: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const takes = new Map(step.takes.map((take) => [take.member, take]))
  try {
    await readMembers(
      archivePath,
      format,
      new Set(takes.keys()),
      async (member, chunks) => {
        const take = takes.get(member)
        if (!take) return
        const before = state.parts[take.file.name] ?? { bytes: 0, members: 0 }
        const bytes = await append(
          take.file,
          join(incoming, `${take.file.name}.assembled`),
          before.bytes,
          chunks,
          signal,
        )
        state.parts[take.file.name] = { bytes, members: before.members + 1 }
        report(take.file.name, bytes, nameOf(step.archive))
      },
      signal,
    )
  } catch (error) {
    // A damaged archive must not be used again.
    if (error instanceof AppError) await rm(archivePath, { force: true })
    throw error
  }
}

/** Writes chunks behind `start`, whatever a killed attempt left there. Returns where the part now ends. */
async function append(
  file: CatalogFile,
  path: string,
  start: number,
  chunks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  const handle = await open(path, start > 0 ? "r+" : "w")
  try {
    await handle.truncate(start)
    let position = start
    for await (const chunk of chunks) {
      signal.throwIfAborted()
      if (position + chunk.length > file.sizeBytes) {
        throw new AppError("download.bad-hash", `A package holds more than ${file.name} should have.`, {
          remedy: "Another source is tried.",
        })
      }
      await handle.write(chunk, 0, chunk.length, position)
      position += chunk.length
    }
    await handle.sync()
    return position
  } finally {
    await handle.close()
  }
}

/** A state whose part is shorter than it says (power loss) or belongs to another source starts anew. */
async function readState(path: string, key: string, incoming: string, files: string[]): Promise<PartState> {
  const found = partState.safeParse(await readJson(path)).data
  const state: PartState = { source: key, parts: {} }
  if (found?.source !== key) return state
  for (const name of files) {
    const part = found.parts[name]
    if (part && ((await sizeOf(join(incoming, `${name}.assembled`))) ?? 0) >= part.bytes) state.parts[name] = part
  }
  return state
}

/** Directories of clients that were cut off from us while fetching. One that still writes keeps its own; it is removed next time. */
async function removeLeftovers(incoming: string): Promise<void> {
  await mkdir(incoming, { recursive: true })
  for (const name of await readdir(incoming)) {
    if (name.startsWith("fetch-")) await removeQuietly(join(incoming, name))
  }
}

const nameOf = (archive: CatalogArchive): string =>
  "artifact" in archive ? `${archive.artifact}-${archive.version}` : `${archive.package}-${archive.version}`
