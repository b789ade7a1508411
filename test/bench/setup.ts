/**
 * What a fresh clone costs before any model: installing the packages with an empty cache, building, and the size of `node_modules`.
 * The clone is made of what is committed.
 */
import { spawnSync } from "node:child_process"
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const source = fileURLToPath(new URL("../..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "zenglow-setup-"))
const clone = join(folder, "clone")

try {
  run("git", ["clone", "--quiet", "--depth", "1", `file://${source}`, clone], folder)
  const installMs = step("ensureInstalled")
  const buildMs = step("ensureBuilt")
  const megabytes = sizeOf(join(clone, "node_modules")) / 1e6
  const seconds = (ms: number): string => (ms / 1000).toFixed(0)
  console.log(
    `setup: ${seconds(installMs + buildMs)} s (packages ${seconds(installMs)} s, build ${seconds(buildMs)} s), node_modules ${megabytes.toFixed(0)} MB, empty package cache, ${availableParallelism()} cores`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** One step of `main/setup.mjs` in the clone, in milliseconds. */
function step(name: "ensureInstalled" | "ensureBuilt"): number {
  const startedAt = performance.now()
  run(process.execPath, ["--eval", `import("./main/setup.mjs").then((setup) => setup.${name}())`], clone)
  return performance.now() - startedAt
}

function run(command: string, args: string[], cwd: string): void {
  const env = { ...process.env, npm_config_cache: join(folder, "cache") }
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ended with code ${status}.`)
}

/** Bytes of all files; links are not followed. */
function sizeOf(path: string): number {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const own = join(path, entry.name)
    return sum + (entry.isDirectory() ? sizeOf(own) : lstatSync(own).size)
  }, 0)
}
