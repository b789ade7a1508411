import { mkdir, readFile, rm, stat } from "node:fs/promises"
import { basename, dirname, isAbsolute, join } from "node:path"
import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { hashFile } from "#core/hashFile.ts"
import { writeJsonAtomically } from "./diskFiles.ts"
import { copyVerified, freeId, type ImportedModel, type ImportRequest, importDirectory } from "./importedModels.ts"

const manifestName = "xtts.json"
const manifest = z.object({
  format: z.literal("zenglow-xtts-1"),
  name: z.string().min(1).max(80),
  licence: z.string().max(80),
  files: z.record(
    z.string().regex(/^[\w.-]+$/),
    z.object({ sizeBytes: z.number().int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
})

/** An exported XTTS checkpoint (models/export/xtts) before its import: its description vouches for the other files. */
export interface XttsCandidate {
  folder: string
  name: string
  licence: string
  files: { name: string; sizeBytes: number; sha256: string }[]
  /** Of the description itself. */
  sizeBytes: number
  sha256: string
}

/** Whether a path is such a folder, or the description in it. */
export async function isXttsFolder(path: string): Promise<boolean> {
  if (!isAbsolute(path)) return false
  const found = await stat(join(folderOf(path), manifestName)).catch(() => null)
  return found?.isFile() ?? false
}

const folderOf = (path: string): string => (basename(path) === manifestName ? dirname(path) : path)

/** Reads the description. Throws `model.incompatible`. */
export async function inspectXtts(path: string, signal: AbortSignal): Promise<XttsCandidate> {
  const folder = folderOf(path)
  const file = join(folder, manifestName)
  try {
    const bytes = await readFile(file)
    const { name, licence, files } = manifest.parse(JSON.parse(bytes.toString()))
    return {
      folder,
      name,
      licence,
      files: Object.entries(files).map(([fileName, described]) => ({ name: fileName, ...described })),
      sizeBytes: bytes.length,
      sha256: await hashFile(file, signal),
    }
  } catch (cause) {
    signal.throwIfAborted()
    throw new AppError("model.incompatible", "The folder's xtts.json is not one that can be read here.", {
      remedy: "Export the checkpoint with models/export/xtts/export.py.",
      cause,
    })
  }
}

/** Each file against the description. */
export async function checkXtts(
  { folder, files }: XttsCandidate,
  signal: AbortSignal,
): Promise<{ name: string; ok: boolean; reason: string | null }[]> {
  const checks: { name: string; ok: boolean; reason: string | null }[] = []
  for (const { name, sizeBytes, sha256 } of files) {
    const found = await stat(join(folder, name)).catch(() => null)
    const reason =
      found === null
        ? "missing"
        : found.size !== sizeBytes
          ? "has the wrong size"
          : (await hashFile(join(folder, name), signal)) === sha256
            ? null
            : "has the wrong content"
    checks.push({ name, ok: reason === null, reason })
  }
  return checks
}

/** What a session needs besides the weights. */
const overheadBytes = 400_000_000

/** Records the model, by link or by copy, when every file is as described. Throws `model.corrupt` or `download.no-space`. */
export async function importXtts(
  modelsDir: string,
  request: ImportRequest,
  candidate: XttsCandidate,
  takenIds: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ImportedModel> {
  const wrong = (await checkXtts(candidate, signal)).find(({ ok }) => !ok)
  if (wrong)
    throw new AppError("model.corrupt", `${wrong.name} ${wrong.reason === "missing" ? "is missing" : wrong.reason}.`, {
      remedy: "Export the checkpoint again.",
    })
  const name = request.name?.trim() || candidate.name
  const id = freeId(name, takenIds)
  const directory = importDirectory(modelsDir, id)
  await mkdir(directory, { recursive: true })
  try {
    let file = join(candidate.folder, manifestName)
    if (request.mode === "copy") {
      file = manifestName
      for (const one of [...candidate.files, { ...candidate, name: manifestName }])
        await copyVerified(join(candidate.folder, one.name), join(directory, one.name), one, signal)
    }
    const { mtimeMs } = await stat(join(request.mode === "copy" ? directory : "", file))
    const totalBytes = candidate.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const model: ImportedModel = {
      id,
      name,
      role: "cloner",
      architecture: "xtts",
      licence: candidate.licence,
      file,
      mode: request.mode,
      sizeBytes: candidate.sizeBytes,
      totalBytes,
      mtimeMs,
      sha256: candidate.sha256,
      contextTokens: null,
      memoryBytes: totalBytes + overheadBytes,
    }
    await writeJsonAtomically(join(directory, "model.json"), model)
    return model
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}
