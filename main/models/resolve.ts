import { join } from "node:path"
import type { ModelRole } from "#contract/models.ts"
import { AppError } from "#core/errors.ts"
import type { Catalog, ModelOption } from "./catalog.ts"
import { checkImported, importedFile, listImported } from "./importedModels.ts"
import { checkFiles, modelDirectory } from "./installedFiles.ts"

/** What a child's load message needs: checked files by absolute path. */
export interface ResolvedModel {
  id: string
  name: string
  role: ModelRole
  directory: string
  /** Absolute path by file name. */
  files: Record<string, string>
  /** The first file: the weights of single-file models. */
  path: string
  /** sha256 of the first file: part of an embedder's fingerprint. */
  sha256: string
  contextTokens: number | null
  dimensions: number | null
  /** Languages it understands or speaks; empty where nobody said. */
  languages: readonly string[]
  /** Predicted memory when loaded. */
  memoryBytes: number
  options: Record<string, ModelOption>
  isImported: boolean
}

/**
 * Finds a model's files. Cheap when they are as they were at their last check; files that changed since are hashed. Throws
 * `model.not-found`, `model.missing` or `model.corrupt`.
 */
export async function resolveModel(
  id: string,
  deps: { catalog: Catalog; modelsDir: string },
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const imported = (await listImported(deps.modelsDir)).find((model) => model.id === id)
  if (imported) {
    const state = await checkImported(deps.modelsDir, imported, "stamped", signal)
    if (state === "missing") throw missing(imported.name, "The imported file is gone. Import it again.")
    if (state === "changed") throw corrupt(imported.name, "The imported file has changed. Import it again.")
    const path = importedFile(deps.modelsDir, imported)
    return {
      id,
      name: imported.name,
      role: imported.role,
      directory: join(path, ".."),
      files: { "model.gguf": path },
      path,
      sha256: imported.sha256,
      contextTokens: imported.contextTokens,
      dimensions: null,
      languages: [],
      memoryBytes: imported.memoryBytes,
      options: {},
      isImported: true,
    }
  }

  const model = deps.catalog.get(id)
  const checks = await checkFiles(model, deps.modelsDir, "stamped", signal)
  const pull = `Run \`zenglow models pull ${id}\`, or press Download on the Models page.`
  if (checks.every(({ state }) => state === "missing")) throw missing(model.name, pull)
  if (checks.some(({ state }) => state === "wrong-hash" || state === "wrong-size")) throw corrupt(model.name, pull)
  if (checks.some(({ state }) => state === "missing")) throw missing(model.name, pull)
  const directory = modelDirectory(deps.modelsDir, id)
  const [first] = model.files
  if (!first) throw missing(model.name, pull)
  return {
    id,
    name: model.name,
    role: model.role,
    directory,
    files: Object.fromEntries(model.files.map(({ name }) => [name, join(directory, name)])),
    path: join(directory, first.name),
    sha256: first.sha256,
    contextTokens: model.contextTokens,
    dimensions: model.dimensions,
    languages: model.languages,
    memoryBytes: model.memoryBytes,
    options: model.options,
    isImported: false,
  }
}

function missing(name: string, remedy: string): AppError {
  return new AppError("model.missing", `${name} is not on this machine.`, { remedy })
}

function corrupt(name: string, remedy: string): AppError {
  return new AppError("model.corrupt", `The files of ${name} are damaged.`, { remedy })
}
