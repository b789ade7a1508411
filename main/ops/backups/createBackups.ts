import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Backup } from "#contract/backups.ts"
import { backupId } from "#contract/backups.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import { hashFile } from "#core/hashFile.ts"
import type { Logger } from "#core/logger.ts"
import { syncDirectory } from "#core/syncDirectory.ts"
import { writePrivateFile } from "../secrets/privateFile.ts"
import { type Ready, readyName, restoreFolder } from "./applyRestore.ts"
import { backedUp, databaseName, databaseNames } from "./backedUp.ts"
import { copyDurably, filesBelow, flush, linkOrCopy } from "./copyInto.ts"
import { damaged, type Manifest, manifestName, newManifest, readManifest } from "./manifest.ts"
import { keysName, openKeys, sealKeys, withKeys } from "./sealedKeys.ts"

export interface BackupsDeps {
  dataDir: string
  version: string
  /** Copies of the running databases beside `target`: complete, checked, without a log beside them. Resolves with the schema of the first. */
  copyDatabase(target: string, onProgress: (share: number) => void): Promise<{ schemaVersion: number }>
  /** The newest schema that this ZenGlow reads. */
  newestSchema: number
  /** Hours between backups that are made by themselves, and how many of those are kept. 0 hours: none are made. */
  plan(): { everyHours: number; kept: number }
  /** Values of the keys that encrypt data at rest, by name. */
  dataKeys(): Promise<Record<string, string>>
  /** Ends this core and starts it anew, which puts a prepared restore in place. */
  restart(): void
  clock: Clock
  log: Logger
}

export interface Backups {
  list(): Promise<{
    items: Backup[]
    running: { doing: "create" | "verify" | "restore"; progress: number } | null
    nextAt: number | null
    problem: string | null
  }>
  create(reason: Backup["reason"], signal: AbortSignal): Promise<Backup>
  /** Puts the data keys into a backup of this machine, sealed with a passphrase. */
  addKeys(id: string, passphrase: string): Promise<void>
  verify(id: string, signal: AbortSignal): Promise<{ files: number; sizeBytes: number }>
  /** Prepares the restore and asks for a restart. Nothing is replaced before all of it is checked and on disk. */
  restore(
    id: string,
    request: { confirm: string; passphrase?: string | undefined },
    signal: AbortSignal,
  ): Promise<{ id: string; safetyId: string }>
  remove(id: string): Promise<void>
  /** Makes the backup that is due, if one is. Never throws. */
  keepPlan(signal: AbortSignal): Promise<void>
}

const hourMs = 3_600_000
/** Copies made before a restore: these many, whatever the plan keeps. */
const safetyKept = 3

/** Backups in `<dataDir>/backups`, one folder each, under its name only once it is complete. One thing is done at a time. */
export function createBackups(deps: BackupsDeps): Backups {
  const { dataDir, clock, log } = deps
  const root = join(dataDir, "backups")
  let running: Awaited<ReturnType<Backups["list"]>>["running"] = null
  let problem: string | null = null

  const folderOf = (id: string): string => join(root, backupId.parse(id))
  const manifestOf = (id: string): Promise<Manifest> => readManifest(folderOf(id), deps.newestSchema)

  const alone = async <T>(doing: "create" | "verify" | "restore", work: () => Promise<T>): Promise<T> => {
    if (running)
      throw new AppError("backup.busy", "A backup is being made, checked or restored.", { remedy: "Wait for its end." })
    running = { doing, progress: 0 }
    try {
      return await work()
    } finally {
      running = null
    }
  }
  const tell = (progress: number): void => {
    if (running) running = { ...running, progress: Math.min(1, progress) }
  }

  const all = async (): Promise<Manifest[]> => {
    const names = await readdir(root).catch(() => [])
    const manifests = await Promise.all(
      names
        .filter((name) => backupId.safeParse(name).success)
        .map((name) =>
          manifestOf(name).catch((error: unknown) => {
            log.warn("a backup cannot be used", { backup: name, error })
            return null
          }),
        ),
    )
    return manifests.filter((manifest) => manifest !== null).sort((left, right) => right.at - left.at)
  }

  const make = async (reason: Backup["reason"], from: number, to: number, signal: AbortSignal): Promise<Manifest> => {
    const at = clock.now()
    const id = new Date(at).toISOString().replaceAll(/[:.]/g, "-")
    const unfinished = `${folderOf(id)}.part`
    const part = (share: number): void => tell(from + (to - from) * share)
    const [previous] = await all()
    await sweep()
    try {
      await mkdir(unfinished, { recursive: true, mode: 0o700 })
      const { schemaVersion } = await deps.copyDatabase(join(unfinished, databaseName), (share) => part(share * 0.6))
      signal.throwIfAborted()
      const databases = await there(unfinished, databaseNames)
      const paths = (await Promise.all(backedUp.map((name) => filesBelow(dataDir, name)))).flat()
      const files: Manifest["files"] = []
      for (const [index, path] of [...databases, ...paths].entries()) {
        signal.throwIfAborted()
        const target = join(unfinished, path)
        const known = databases.includes(path) ? undefined : await sameAsBefore(path, previous)
        if (known && previous) await linkOrCopy(join(folderOf(previous.id), path), target)
        else if (!databases.includes(path)) await copyDurably(join(dataDir, path), target)
        const { size } = await stat(target)
        files.push(known ?? { path, sizeBytes: size, sha256: await hashFile(target, signal) })
        part(0.6 + (0.4 * (index + 1)) / (paths.length + databases.length))
      }
      const manifest = newManifest({ id, at, reason, version: deps.version, schemaVersion, files })
      await writeFile(join(unfinished, manifestName), JSON.stringify(manifest), { flush: true, mode: 0o600 })
      await rename(unfinished, folderOf(id))
      await syncDirectory(root)
      return manifest
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
      throw asSpaceError(error)
    }
  }

  /** A file of the last backup that has not changed since: its size and time say so. */
  const sameAsBefore = async (path: string, previous: Manifest | undefined) => {
    const known = previous?.files.find((file) => file.path === path)
    if (!known || !previous) return undefined
    const [now, before] = await Promise.all([
      stat(join(dataDir, path)),
      stat(join(folderOf(previous.id), path)).catch(() => null),
    ])
    return before && now.size === before.size && now.mtimeMs === before.mtimeMs && now.size === known.sizeBytes
      ? known
      : undefined
  }

  /** What a killed core left half made. */
  const sweep = async (): Promise<void> => {
    for (const name of await readdir(root).catch(() => []))
      if (backupId.safeParse(name.replace(/\.part$/, "")).success && name.endsWith(".part"))
        await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 })
  }

  const check = async (id: string, from: number, to: number, signal: AbortSignal): Promise<Manifest> => {
    const manifest = await manifestOf(id)
    const { sizeBytes } = infoOf(manifest)
    let read = 0
    for (const { path, sizeBytes: size, sha256 } of manifest.files) {
      const file = join(folderOf(id), path)
      const found = await stat(file).catch(() => null)
      if (!found?.isFile()) throw damaged(`${path} is missing`)
      const hash = await hashFile(file, signal, (count) => {
        read += count
        tell(from + ((to - from) * read) / Math.max(1, sizeBytes))
      })
      if (found.size !== size || hash !== sha256) throw damaged(`${path} has other content than was written`)
    }
    return manifest
  }

  const prune = async (): Promise<void> => {
    const manifests = await all()
    const keep = { scheduled: Math.max(1, deps.plan().kept), "before-restore": safetyKept } as const
    for (const reason of ["scheduled", "before-restore"] as const)
      for (const { id } of manifests.filter((manifest) => manifest.reason === reason).slice(keep[reason]))
        await rm(folderOf(id), { recursive: true, force: true, maxRetries: 3 })
  }

  const nextAt = (newest: Manifest | undefined): number | null => {
    const { everyHours } = deps.plan()
    return everyHours === 0 ? null : (newest?.at ?? clock.now() - everyHours * hourMs) + everyHours * hourMs
  }

  const create = (reason: Backup["reason"], signal: AbortSignal): Promise<Backup> =>
    alone("create", async () => {
      const made = await make(reason, 0, 1, signal)
      await prune()
      problem = null
      return infoOf(made)
    })

  return {
    async list() {
      const manifests = await all()
      return { items: manifests.map(infoOf), running, nextAt: nextAt(manifests[0]), problem }
    },
    create,
    addKeys: async (id, passphrase) => {
      await manifestOf(id)
      await writePrivateFile(join(folderOf(id), keysName), await sealKeys(await deps.dataKeys(), passphrase))
    },
    verify: (id, signal) =>
      alone("verify", async () => {
        const { files, sizeBytes } = infoOf(await check(id, 0, 1, signal))
        return { files, sizeBytes }
      }),
    restore: (id, { confirm, passphrase }, signal) =>
      alone("restore", async () => {
        if (confirm !== id)
          throw new AppError("request.conflict", "The restore was not confirmed.", {
            remedy: "Send the backup's id as `confirm`. What is there now is backed up first.",
          })
        const manifest = await check(id, 0, 0.4, signal)
        const keys = passphrase === undefined ? null : await openKeys(join(folderOf(id), keysName), passphrase)
        if (passphrase !== undefined && keys === null)
          throw new AppError("request.conflict", "This backup was made without keys.", {
            remedy: "Restore it without a passphrase, on the computer it was made on.",
          })
        const safety = await make("before-restore", 0.4, 0.7, signal)
        const folder = join(dataDir, restoreFolder)
        try {
          await rm(folder, { recursive: true, force: true, maxRetries: 3 })
          for (const [index, { path }] of manifest.files.entries()) {
            signal.throwIfAborted()
            await copyDurably(join(folderOf(id), path), join(folder, "files", path))
            tell(0.7 + (0.3 * (index + 1)) / manifest.files.length)
          }
          const inBackup = new Set(manifest.files.map(({ path }) => path.split("/")[0]))
          if (keys) {
            const secrets = join(folder, "files", "secrets.json")
            await writePrivateFile(secrets, await withKeys(secrets, keys))
            inBackup.add("secrets.json")
          }
          const names = [...databaseNames, ...backedUp].map((name) => ({ name, isReplaced: inBackup.has(name) }))
          const ready = { id, safetyId: safety.id, names } satisfies Ready
          await writeFile(join(folder, `${readyName}.new`), JSON.stringify(ready), { flush: true })
          await rename(join(folder, `${readyName}.new`), join(folder, readyName))
          await flush(join(folder, readyName))
          await syncDirectory(folder)
        } catch (error) {
          await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
          throw asSpaceError(error)
        }
        deps.restart()
        return { id, safetyId: safety.id }
      }),
    async remove(id) {
      if (running) throw new AppError("backup.busy", "A backup is being made, checked or restored.")
      const folder = folderOf(id)
      if (!(await stat(folder).catch(() => null)))
        throw new AppError("backup.not-found", "There is no such backup.", {
          remedy: "`zenglow backup list` shows them.",
        })
      await rm(folder, { recursive: true, maxRetries: 3 })
    },
    async keepPlan(signal) {
      try {
        const due = nextAt((await all())[0])
        if (due === null || due > clock.now() || running) return
        await create("scheduled", signal)
      } catch (error) {
        if (signal.aborted) return
        problem = errorInfo(error).message
        log.error("the backup that was due could not be made", { error })
      }
    },
  }
}

/** Which of these files lie in a folder. */
async function there(folder: string, names: readonly string[]): Promise<string[]> {
  const found = await readdir(folder)
  return names.filter((name) => found.includes(name))
}

const infoOf = ({ id, at, reason, version, schemaVersion, files }: Manifest): Backup => ({
  id,
  at,
  reason,
  version,
  schemaVersion,
  files: files.length,
  sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
})

function asSpaceError(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOSPC") return error
  return new AppError("store.full", "The disk is full: no backup was made, and nothing was changed.", {
    remedy: "Free disk space, or remove old backups.",
    cause: error,
  })
}
