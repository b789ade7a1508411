import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { createRequire, findPackageJSON } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { redact } from "#core/redact.ts"

export interface NativeModule {
  name: string
  version: string | null
  isLoadable: boolean
  /** Why it does not load, redacted. */
  error: string | null
}

/** Libraries with compiled parts that the product stands on. */
export const nativeModuleNames = ["better-sqlite3", "sqlite-vec", "onnxruntime-node", "node-llama-cpp"] as const

/**
 * Loads each module in a short-lived child and says how it went: the core itself never loads an inference engine.
 * @param root Directory whose `node_modules` counts.
 */
export async function probeNativeModules(
  root: string,
  signal: AbortSignal,
  names: readonly string[] = nativeModuleNames,
): Promise<NativeModule[]> {
  return await Promise.all(
    names.map(async (name) => {
      const error = await loadError(root, name, signal)
      return { name, version: await versionOf(root, name), isLoadable: error === null, error }
    }),
  )
}

function loadError(root: string, name: string, signal: AbortSignal): Promise<string | null> {
  // The name travels as an argument, never inside the program's text.
  const program =
    "import(process.argv[1]).then((m) => { if (process.argv[1] === 'better-sqlite3') new m.default(':memory:').close(); process.exit(0) }, (e) => { process.stderr.write(String(e.message)); process.exit(1) })"
  const args = ["--input-type=module", "--eval", program, name]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root, timeout: 20_000, signal, windowsHide: true }, (error, _, stderr) => {
      if (signal.aborted) reject(signal.reason)
      else if (!error) resolve(null)
      else resolve(redact(stderr.trim().split("\n")[0] || (error.killed ? "It did not load in 20 s." : "It ended.")))
    })
  })
}

async function versionOf(root: string, name: string): Promise<string | null> {
  const base = pathToFileURL(join(root, "package.json"))
  try {
    const manifest = findPackageJSON(name, base) ?? createRequire(base).resolve(`${name}/package.json`)
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version?: unknown }
    return typeof version === "string" ? version : null
  } catch {
    return null
  }
}
