import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"
import { hashFile } from "#core/hashFile.ts"
import type { CatalogFile, CatalogModel } from "./catalog.ts"
import { readJson, writeJsonAtomically } from "./diskFiles.ts"

export type FileState = "ok" | "missing" | "wrong-size" | "wrong-hash" | "unverified"

export interface FileCheck {
  name: string
  state: FileState
}

/** What was hashed, so that it need not be hashed again until size or time of change differ. */
const stamps = z.record(z.string(), z.object({ sizeBytes: z.number(), mtimeMs: z.number(), sha256: z.string() }))
type Stamps = z.infer<typeof stamps>

export const modelDirectory = (modelsDir: string, id: string): string => join(modelsDir, id)
const stampsPath = (modelsDir: string, id: string): string => join(modelDirectory(modelsDir, id), ".verified.json")

/**
 * Looks at a model's files. `quick` trusts the stamps and calls unstamped files `unverified`; `stamped` hashes only those;
 * `full` hashes all. New hashes are stamped.
 */
export async function checkFiles(
  model: Pick<CatalogModel, "id" | "files">,
  modelsDir: string,
  depth: "quick" | "stamped" | "full",
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<FileCheck[]> {
  const known = await readStamps(modelsDir, model.id)
  const fresh: Stamps = {}
  const checks: FileCheck[] = []
  for (const file of model.files) {
    const path = join(modelDirectory(modelsDir, model.id), file.name)
    const found = await stat(path).catch(() => null)
    if (!found?.isFile()) {
      checks.push({ name: file.name, state: "missing" })
      continue
    }
    if (found.size !== file.sizeBytes) {
      checks.push({ name: file.name, state: "wrong-size" })
      continue
    }
    const stamp = known[file.name]
    const isStamped = stamp?.sizeBytes === found.size && stamp.mtimeMs === found.mtimeMs
    if (depth === "quick" && !isStamped) {
      checks.push({ name: file.name, state: "unverified" })
      continue
    }
    const sha256 = isStamped && depth !== "full" ? stamp.sha256 : await hashFile(path, signal, onBytes)
    fresh[file.name] = { sizeBytes: found.size, mtimeMs: found.mtimeMs, sha256 }
    checks.push({ name: file.name, state: sha256 === file.sha256 ? "ok" : "wrong-hash" })
  }
  if (
    depth !== "quick" &&
    Object.keys(fresh).length > 0 &&
    JSON.stringify({ ...known, ...fresh }) !== JSON.stringify(known)
  ) {
    // A models directory that cannot be written to costs a hash per start, nothing more.
    await writeJsonAtomically(stampsPath(modelsDir, model.id), { ...known, ...fresh }).catch(() => {})
  }
  return checks
}

/** Records a file that was just hashed and published. */
export async function stampFile(modelsDir: string, id: string, file: CatalogFile): Promise<void> {
  const found = await stat(join(modelDirectory(modelsDir, id), file.name))
  const known = await readStamps(modelsDir, id)
  await writeJsonAtomically(stampsPath(modelsDir, id), {
    ...known,
    [file.name]: { sizeBytes: found.size, mtimeMs: found.mtimeMs, sha256: file.sha256 },
  } satisfies Stamps)
}

async function readStamps(modelsDir: string, id: string): Promise<Stamps> {
  return stamps.safeParse(await readJson(stampsPath(modelsDir, id))).data ?? {}
}

/** Bytes of everything below the models directory, partial downloads included. Links are not followed. */
export async function directoryBytes(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
  let total = 0
  for (const entry of entries) {
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return total
}
