import { lstat, readFile, stat } from "node:fs/promises"
import { basename, extname, join, relative, sep } from "node:path"
import { kindOfName } from "#contract/documentKinds.ts"
import { isAbort } from "#core/errors.ts"
import type { FolderDocument, FolderRecord } from "#store/types.ts"
import { createExcludes } from "../excludes.ts"
import { fileStamp } from "../fileStamp.ts"
import { hashOf } from "../ingest/registerFile.ts"
import { type FoundFile, walkFolder } from "../walkFolder.ts"

/** What a look found: the folder compared with its documents. */
export interface Findings {
  /** Files that are new, or whose bytes differ from what was noted, or that were never read to the end. */
  toRead: {
    file: FoundFile
    path: string
    document: FolderDocument | null
    contentHash: string | null
    sizeBytes: number
  }[]
  /** The same bytes under another name. */
  moved: { document: FolderDocument; file: FoundFile; path: string; title: string; fileStamp: string | null }[]
  gone: FolderDocument[]
  /** Files with the bytes that were noted: stamps that can be trusted now. */
  stamps: { id: string; fileStamp: string | null }[]
  /** Files whose stamp cannot be trusted yet: to be looked at again in a moment. */
  unsettled: string[]
  unreadable: { path: string; error: unknown }[]
  /** Files left out for their type. Null: not all of the folder was looked at. */
  skipped: number | null
  fileCount: number
  identity: string
}

/** The folder itself does not answer. */
export class FolderUnreachable extends Error {}

type Lookable = Pick<FolderRecord, "path" | "name" | "excludes" | "followsGitignore" | "maxFileBytes" | "identity">

interface Scope {
  /** Absolute. */
  path: string
  /** Below the root, with `/`; "" is the root. */
  below: string
}

/** Device and number: another folder under the same path has others. Throws `FolderUnreachable`. */
export async function folderIdentity(path: string): Promise<string> {
  try {
    const info = await stat(path, { bigint: true })
    if (!info.isDirectory()) throw new Error("It is not a folder.")
    return `${info.dev}-${info.ino}`
  } catch (cause) {
    throw new FolderUnreachable("The folder does not answer.", { cause })
  }
}

/**
 * Compares files with documents: all of the folder, or what lies at and under the given paths. Reads a file only where its look
 * changed. Throws `FolderUnreachable` when the folder does not answer, or has been replaced by an empty one (an unmounted drive).
 */
export async function lookAtFolder(
  folder: Lookable,
  paths: readonly string[] | null,
  documentsBelow: (path: string | null) => Promise<FolderDocument[]>,
  signal: AbortSignal,
): Promise<Findings> {
  const identity = await folderIdentity(folder.path)
  const excludes = createExcludes(folder.excludes, folder.followsGitignore)
  const found: Findings = {
    toRead: [],
    moved: [],
    gone: [],
    stamps: [],
    unsettled: [],
    unreadable: [],
    skipped: paths === null ? 0 : null,
    fileCount: 0,
    identity,
  }
  const scopes = scopesOf(folder.path, paths)
  const files = new Map<string, FoundFile>()
  const documents = new Map<string, FolderDocument>()
  for (const scope of scopes) {
    if (scope.below !== "") await enterParents(folder.path, scope.below, excludes)
    for await (const file of filesOf(folder.path, scope, excludes, found, signal)) files.set(file.filePath, file)
    for (const document of await documentsBelow(scope.below === "" ? null : scope.path)) {
      documents.set(document.filePath, document)
    }
  }
  // The folder may have gone while it was read: then nothing that was seen says anything.
  if ((await folderIdentity(folder.path)) !== identity) throw new FolderUnreachable("The folder was replaced.")
  const isReplaced = folder.identity !== null && folder.identity !== identity
  if (paths === null && isReplaced && files.size === 0 && documents.size > 0 && found.unreadable.length === 0) {
    throw new FolderUnreachable("An empty folder lies in its place.")
  }
  found.fileCount = files.size

  const seen = new Set<string>()
  for (const file of files.values()) {
    signal.throwIfAborted()
    const kind = kindOfName(file.relativePath)
    if (kind === null) {
      if (found.skipped !== null) found.skipped++
      continue
    }
    const document = documents.get(file.filePath) ?? null
    const isKnown = await compare(folder, file, document, found, signal)
    if (isKnown) seen.add(file.filePath)
  }
  for (const document of documents.values()) {
    const isHidden = found.unreadable.some(({ path }) => isBelow(document.filePath, path))
    if (!seen.has(document.filePath) && !isHidden) found.gone.push(document)
  }
  await findMoves(found, signal)
  return found
}

/** False: the file is gone after all. */
async function compare(
  folder: Lookable,
  file: FoundFile,
  document: FolderDocument | null,
  found: Findings,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `${folder.name}/${file.relativePath}`
  let look: Awaited<ReturnType<typeof fileStamp>>
  try {
    look = await fileStamp(file.filePath)
  } catch (error) {
    if (isGone(error)) return false
    found.unreadable.push({ path: file.filePath, error })
    return true
  }
  const isFinished = document?.status === "ready" || document?.status === "failed"
  if (document && isFinished && document.fileStamp === look.stamp) return true
  if (look.kept === null) found.unsettled.push(file.filePath)
  const item = { file, path, document, contentHash: null, sizeBytes: look.sizeBytes }
  if (!document || look.sizeBytes > folder.maxFileBytes) {
    found.toRead.push(item)
    return true
  }
  try {
    const contentHash = hashOf(await readFile(file.filePath, { signal }))
    if (contentHash === document.contentHash && isFinished) {
      if (document.fileStamp !== look.kept) found.stamps.push({ id: document.id, fileStamp: look.kept })
    } else found.toRead.push({ ...item, contentHash })
  } catch (error) {
    if (isAbort(error, signal)) throw error
    if (isGone(error)) return false
    // It changed and cannot be read: reading it again says why.
    found.toRead.push(item)
  }
  return true
}

/** A document whose file is gone and a file without a document that hold the same bytes belong together. */
async function findMoves(found: Findings, signal: AbortSignal): Promise<void> {
  const homeless = new Map<string, FolderDocument[]>()
  const sizes = new Set<number>()
  const add = (document: FolderDocument): void => {
    if (document.status !== "ready") return
    sizes.add(document.sizeBytes)
    const same = homeless.get(document.contentHash)
    if (same) same.push(document)
    else homeless.set(document.contentHash, [document])
  }
  found.gone.forEach(add)
  if (homeless.size === 0) return
  let hasMoved = true
  while (hasMoved) {
    hasMoved = false
    const rest: Findings["toRead"] = []
    for (const item of found.toRead) {
      const moved = await matching(item, homeless, sizes, signal)
      if (!moved) {
        rest.push(item)
        continue
      }
      hasMoved = true
      const { document, fileStamp } = moved
      found.gone = found.gone.filter((each) => each !== document)
      // In reverse: one that gives way here may have moved on itself, and goes first.
      found.moved.unshift({
        document,
        file: item.file,
        path: item.path,
        title: titleAfter(document, item.file.filePath),
        fileStamp,
      })
      if (item.document) add(item.document)
    }
    found.toRead = rest
  }
}

/** A title that came from the file's name follows it. */
function titleAfter(document: FolderDocument, filePath: string): string {
  const which = titlesOf(basename(document.filePath)).indexOf(document.title)
  return titlesOf(basename(filePath))[which] ?? document.title
}

async function matching(
  item: Findings["toRead"][number],
  homeless: Map<string, FolderDocument[]>,
  sizes: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<{ document: FolderDocument; fileStamp: string | null } | null> {
  if (!sizes.has(item.sizeBytes)) return null
  try {
    const look = await fileStamp(item.file.filePath)
    const hash = item.contentHash ?? hashOf(await readFile(item.file.filePath, { signal }))
    const document = homeless.get(hash)?.shift()
    return document ? { document, fileStamp: look.kept } : null
  } catch (error) {
    if (isAbort(error, signal)) throw error
    return null
  }
}

/** Titles that a file without one of its own gets from its name: as it is, and as the readers write it. */
function titlesOf(fileName: string): string[] {
  const stem = basename(fileName, extname(fileName))
  return [stem.replace(/[_-]+/g, " ").trim() || fileName, stem]
}

/** Paths without those that lie below another one. */
function scopesOf(root: string, paths: readonly string[] | null): Scope[] {
  if (paths === null || paths.some((path) => path === root || !isBelow(path, root))) return [{ path: root, below: "" }]
  const sorted = [...new Set(paths)].sort()
  const kept: string[] = []
  for (const path of sorted) {
    if (!kept.some((above) => path === above || isBelow(path, above))) kept.push(path)
  }
  return kept.map((path) => ({ path, below: relative(root, path).split(sep).join("/") }))
}

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

/** Rules of the folders above count too, and a folder above may itself be left out. */
async function enterParents(root: string, below: string, excludes: ReturnType<typeof createExcludes>): Promise<void> {
  const parts = below.split("/")
  for (let depth = 0; depth < parts.length; depth++) {
    const parent = parts.slice(0, depth).join("/")
    await excludes.enter(depth === 0 ? root : join(root, ...parts.slice(0, depth)), parent)
  }
}

async function* filesOf(
  root: string,
  scope: Scope,
  excludes: ReturnType<typeof createExcludes>,
  found: Findings,
  signal: AbortSignal,
): AsyncGenerator<FoundFile> {
  const parts = scope.below === "" ? [] : scope.below.split("/")
  for (let depth = 1; depth < parts.length; depth++) {
    if (excludes.has(parts.slice(0, depth).join("/"), true)) return
  }
  const onUnreadable = (path: string, error: unknown): void => void found.unreadable.push({ path, error })
  try {
    const info = scope.below === "" ? null : await lstatOf(scope.path)
    if (info === "gone") return
    if (info === "file") {
      if (!excludes.has(scope.below, false)) yield { filePath: scope.path, relativePath: scope.below }
      return
    }
    if (info === "other" || (scope.below !== "" && excludes.has(scope.below, true))) return
    yield* walkFolder(root, signal, { excludes, below: scope.below, onUnreadable })
  } catch (error) {
    if (isAbort(error, signal)) throw error
    if (scope.below === "") throw new FolderUnreachable("The folder cannot be read.", { cause: error })
    if (!isGone(error)) onUnreadable(scope.path, error)
  }
}

/** Links are neither: they are not followed. */
async function lstatOf(path: string): Promise<"gone" | "file" | "folder" | "other"> {
  try {
    const info = await lstat(path)
    return info.isFile() ? "file" : info.isDirectory() ? "folder" : "other"
  } catch (error) {
    if (isGone(error)) return "gone"
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")
}
