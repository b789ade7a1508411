import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, extname, isAbsolute, join } from "node:path"
import { z } from "zod"
import { modelRole } from "#contract/models.ts"
import { AppError } from "#core/errors.ts"
import { readGguf } from "#core/gguf.ts"
import { hashFile } from "#core/hashFile.ts"
import { asSpaceError, freeDiskBytes, readJson, requireSpace, writeJsonAtomically } from "./diskFiles.ts"

/** A model file that the person brought along. */
const importedModel = z.object({
  id: z.string(),
  name: z.string(),
  role: modelRole,
  architecture: z.string(),
  licence: z.string().nullable(),
  /** Absolute for a link; a file name beside the record for a copy. */
  file: z.string(),
  mode: z.enum(["link", "copy"]),
  sizeBytes: z.number(),
  /** Of models of several files: all of them. `sizeBytes` is then that of the file which describes them. */
  totalBytes: z.number().optional(),
  mtimeMs: z.number(),
  sha256: z.string(),
  contextTokens: z.number().nullable(),
  memoryBytes: z.number(),
})
export type ImportedModel = z.infer<typeof importedModel>

export interface ImportRequest {
  path: string
  mode: "link" | "copy"
  role?: z.infer<typeof modelRole>
  name?: string
}

const importsDirectory = (modelsDir: string): string => join(modelsDir, "imported")
export const importDirectory = (modelsDir: string, id: string): string => join(importsDirectory(modelsDir), id)

/** Where the weights lie. */
export const importedFile = (modelsDir: string, model: ImportedModel): string =>
  isAbsolute(model.file) ? model.file : join(importDirectory(modelsDir, model.id), model.file)

export async function listImported(modelsDir: string): Promise<ImportedModel[]> {
  const names = await readdir(importsDirectory(modelsDir)).catch(() => [])
  const records = await Promise.all(
    names.map((name) => readJson(join(importsDirectory(modelsDir), name, "model.json"))),
  )
  return records.flatMap((record) => importedModel.safeParse(record).data ?? [])
}

/** What reading a file before an import tells: enough to refuse it or to know it again. */
export interface ImportCandidate {
  sizeBytes: number
  sha256: string
  info: Awaited<ReturnType<typeof readGguf>>
}

/** Reads and hashes the file. Throws `model.corrupt` or `model.incompatible`. */
export async function inspectImport(request: ImportRequest, signal: AbortSignal): Promise<ImportCandidate> {
  if (!isAbsolute(request.path)) throw incompatible("The path must be absolute.")
  const found = await stat(request.path).catch(() => null)
  if (!found?.isFile()) throw incompatible("There is no file at this path.")
  if (request.role !== undefined && request.role !== "llm") throw incompatible("Only language models can be imported.")
  if (extname(request.path).toLowerCase() !== ".gguf" && !(await beginsLikeGguf(request.path))) {
    throw incompatible("Only GGUF files can be imported.")
  }
  const info = await readGguf(request.path)
  if (notLanguageModels.has(info.architecture)) {
    throw incompatible(`A file of kind ${info.architecture} is not a language model.`)
  }
  return { sizeBytes: found.size, sha256: await hashFile(request.path, signal), info }
}

/** Context used unless the model has less: a longer one costs memory that few conversations use. */
const defaultContextTokens = 16_384
/** Compute buffers and the program itself. */
const overheadBytes = 300_000_000

/** Records the model, by link or by copy. Throws `download.no-space` or `model.corrupt` when the copy differs. */
export async function importModel(
  modelsDir: string,
  request: ImportRequest,
  candidate: ImportCandidate,
  takenIds: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ImportedModel> {
  const name = request.name?.trim() || candidate.info.name || basename(request.path, extname(request.path))
  const id = freeId(name, takenIds)
  const directory = importDirectory(modelsDir, id)
  await mkdir(directory, { recursive: true })
  try {
    let file = request.path
    if (request.mode === "copy") {
      file = "model.gguf"
      await copyVerified(request.path, join(directory, file), candidate, signal)
    }
    const { mtimeMs } = await stat(join(request.mode === "copy" ? directory : "", file))
    const contextTokens = Math.min(candidate.info.contextTokens ?? 4096, defaultContextTokens)
    const model: ImportedModel = {
      id,
      name: name.slice(0, 120),
      role: "llm",
      architecture: candidate.info.architecture,
      licence: candidate.info.licence,
      file,
      mode: request.mode,
      sizeBytes: candidate.sizeBytes,
      mtimeMs,
      sha256: candidate.sha256,
      contextTokens,
      memoryBytes: candidate.sizeBytes + contextTokens * (candidate.info.cacheBytesPerToken ?? 65_536) + overheadBytes,
    }
    await writeJsonAtomically(join(directory, "model.json"), model)
    return model
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/**
 * Puts a file with the published bytes where its catalogue entry expects it: as a second name of the same bytes where the
 * disk allows it and a link was asked for, else as a copy.
 */
export async function placeCatalogFile(
  source: string,
  destination: string,
  mode: "link" | "copy",
  candidate: Pick<ImportCandidate, "sizeBytes" | "sha256">,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(destination), { recursive: true })
  await rm(destination, { force: true })
  if (mode === "link") {
    const isLinked = await link(source, destination).then(
      () => true,
      () => false,
    )
    if (isLinked) return
  }
  await copyVerified(source, destination, candidate, signal)
}

/** Looks at an imported file. `full` hashes it again, `stamped` only when size or time of change differ. */
export async function checkImported(
  modelsDir: string,
  model: ImportedModel,
  depth: "quick" | "stamped" | "full",
  signal: AbortSignal,
): Promise<"ok" | "missing" | "changed"> {
  const path = importedFile(modelsDir, model)
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) return "missing"
  if (found.size !== model.sizeBytes) return "changed"
  if (depth === "quick" || (depth === "stamped" && found.mtimeMs === model.mtimeMs)) return "ok"
  if ((await hashFile(path, signal)) !== model.sha256) return "changed"
  if (found.mtimeMs !== model.mtimeMs) {
    const record = join(importDirectory(modelsDir, model.id), "model.json")
    await writeJsonAtomically(record, { ...model, mtimeMs: found.mtimeMs }).catch(() => {})
  }
  return "ok"
}

/** Copies a file and checks what arrived. Throws `download.no-space` or `model.corrupt`. */
export async function copyVerified(
  source: string,
  destination: string,
  expected: { sizeBytes: number; sha256: string },
  signal: AbortSignal,
): Promise<void> {
  requireSpace(expected.sizeBytes, await freeDiskBytes(dirname(destination)))
  const part = `${destination}.part`
  const hash = createHash("sha256")
  const file = await open(part, "w")
  try {
    for await (const chunk of createReadStream(source, { highWaterMark: 1024 * 1024, signal })) {
      hash.update(chunk as Buffer)
      await file.write(chunk as Buffer)
    }
    await file.sync()
  } catch (error) {
    await rm(part, { force: true })
    throw asSpaceError(error)
  } finally {
    await file.close()
  }
  if (hash.digest("hex") !== expected.sha256) {
    await rm(part, { force: true })
    throw new AppError("model.corrupt", "The file changed while it was copied.", { remedy: "Import it again." })
  }
  await rename(part, destination)
}

/** Architectures of GGUF files that hold something other than a language model. */
const notLanguageModels = new Set([
  "clip",
  "bert",
  "nomic-bert",
  "jina-bert-v2",
  "t5encoder",
  "whisper",
  "wavtokenizer-dec",
])

async function beginsLikeGguf(path: string): Promise<boolean> {
  const file = await open(path, "r")
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString("latin1") === "GGUF"
  } finally {
    await file.close()
  }
}

/** An id that is not taken, made of the name. */
export function freeId(name: string, taken: ReadonlySet<string>): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40)
  const base = `local-${slug || "model"}`
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`
    if (!taken.has(id)) return id
  }
}

function incompatible(message: string): AppError {
  return new AppError("model.incompatible", message, {
    remedy: "Choose a language model in the GGUF format, or the folder of an exported XTTS model.",
  })
}
