import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"

/** A model file that another program brought onto this machine. Nothing of it is changed. */
export interface ExternalModel {
  tool: string
  name: string
  path: string
  sizeBytes: number
}

const maxDepth = 6
const maxFiles = 500

/** GGUF files in the folders of other tools. Folders that are missing or closed to us are passed over. */
export async function findExternalModels(options: {
  home: string
  platform: NodeJS.Platform
}): Promise<ExternalModel[]> {
  const found: ExternalModel[] = []
  const seen = new Set<string>()
  const add = (model: ExternalModel): void => {
    if (seen.has(model.path) || found.length >= maxFiles) return
    seen.add(model.path)
    found.push(model)
  }
  for (const { tool, folders } of toolFolders(options.home, options.platform)) {
    for (const folder of folders) {
      for (const model of tool === "Ollama" ? await ollamaModels(folder) : await ggufFiles(tool, folder, 0)) add(model)
    }
  }
  return found
}

function toolFolders(home: string, platform: NodeJS.Platform): { tool: string; folders: string[] }[] {
  const data = {
    win32: join(home, "AppData", "Local"),
    darwin: join(home, "Library", "Application Support"),
    linux: join(home, ".local", "share"),
  }
  const local = data[platform as keyof typeof data] ?? data.linux
  const roaming =
    platform === "win32" ? join(home, "AppData", "Roaming") : platform === "darwin" ? local : join(home, ".config")
  const cache =
    platform === "win32" ? local : platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache")
  return [
    { tool: "Ollama", folders: [join(home, ".ollama", "models"), "/usr/share/ollama/.ollama/models"] },
    { tool: "LM Studio", folders: [join(home, ".lmstudio", "models"), join(home, ".cache", "lm-studio", "models")] },
    { tool: "Jan", folders: [join(roaming, "Jan", "data"), join(local, "Jan", "data"), join(home, "jan", "models")] },
    { tool: "GPT4All", folders: [join(local, "nomic.ai", "GPT4All")] },
    { tool: "llama.cpp", folders: [join(cache, "llama.cpp")] },
    { tool: "Hugging Face", folders: [join(home, ".cache", "huggingface", "hub")] },
  ]
}

async function ggufFiles(tool: string, folder: string, depth: number): Promise<ExternalModel[]> {
  if (depth > maxDepth) return []
  const found: ExternalModel[] = []
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await ggufFiles(tool, path, depth + 1)))
    // Projectors of vision models are parts, not models.
    else if (/\.gguf$/i.test(entry.name) && !/mmproj/i.test(entry.name)) {
      const info = await stat(path).catch(() => null)
      const file = entry.name.replace(/\.gguf$/i, "")
      // Jan names every file `model.gguf` and the folder after the model.
      const name = file === "model" ? (folder.split(/[\\/]/).at(-1) ?? file) : file
      if (info?.isFile()) found.push({ tool, name, path, sizeBytes: info.size })
    }
    if (found.length >= maxFiles) break
  }
  return found
}

const ollamaManifest = z.object({
  layers: z.array(z.object({ mediaType: z.string(), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })),
})

/** Ollama keeps weights as blobs and names them in manifests: manifests/<registry>/<namespace>/<model>/<tag>. */
async function ollamaModels(folder: string): Promise<ExternalModel[]> {
  const found: ExternalModel[] = []
  const root = join(folder, "manifests")
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries.slice(0, maxFiles * 4)) {
    if (!entry.isFile()) continue
    const text = await readFile(join(entry.parentPath, entry.name), "utf8").catch(() => "")
    const manifest = ollamaManifest.safeParse(parseJson(text)).data
    const digest = manifest?.layers.find(({ mediaType }) => mediaType.endsWith("image.model"))?.digest
    if (!digest) continue
    const path = join(folder, "blobs", digest.replace(":", "-"))
    const info = await stat(path).catch(() => null)
    const model = entry.parentPath.split(/[\\/]/).at(-1) ?? ""
    if (info) found.push({ tool: "Ollama", name: `${model}:${entry.name}`, path, sizeBytes: info.size })
  }
  return found
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
