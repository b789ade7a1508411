/**
 * Compiles naudiodon, through which the core reaches microphones and loudspeakers. It comes as source; a machine without a C++ compiler
 * goes without, and the window's own devices serve. Plain JavaScript for Node 20, because it runs before anything is built.
 */
import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** @typedef {{ isBuilt: boolean, reason: string | null }} NativeAudio */

/**
 * Compiles it unless that was done or tried before with the same sources. Never throws.
 * @param {string} root Folder whose `node_modules` is looked into first.
 * @param {{ retry?: boolean, say?: (text: string) => void }} [options] `retry`: also after a failure.
 * @returns {NativeAudio}
 */
export function ensureNativeAudio(root, { retry = false, say = () => {} } = {}) {
  const folders = locate(root)
  if (!folders) return { isBuilt: false, reason: "The package naudiodon is not installed." }
  const { source, headers, output } = folders
  const stamp = join(output, "failure.txt")
  if (existsSync(join(output, "naudiodon.node"))) return { isBuilt: true, reason: null }
  try {
    if (!retry && existsSync(stamp)) return { isBuilt: false, reason: readFileSync(stamp, "utf8").trim() }
    mkdirSync(output, { recursive: true })
    say("Compiling the sound devices' addon (a few seconds, once)…")
    const reason = process.platform === "win32" ? buildWithNodeGyp(source) : buildWithCompiler(source, headers, output)
    if (reason === null) rmSync(stamp, { force: true })
    else writeFileSync(stamp, `${reason}\n`)
    return { isBuilt: reason === null, reason }
  } catch (error) {
    return { isBuilt: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

function locate(root) {
  try {
    const from = createRequire(join(root, "package.json"))
    const source = dirname(from.resolve("naudiodon/package.json"))
    const headers = join(dirname(from.resolve("node-api-headers/package.json")), "include")
    return { source, headers, output: join(source, "build", "Release") }
  } catch {
    return null
  }
}

/** The six sources and one library: no node-gyp, so neither Python nor Node's own headers are needed. */
function buildWithCompiler(source, headers, output) {
  const library = portAudio(source, output)
  if ("reason" in library) return library.reason
  const files = readdirSync(join(source, "src"))
    .filter((name) => name.endsWith(".cc"))
    .map((name) => join(source, "src", name))
  const platform = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []
  const flags = ["-shared", "-fPIC", "-O2", "-std=c++17", "-fexceptions", `-I${headers}`, ...library.includes]
  const target = join(output, "naudiodon.node")
  const args = [...flags, ...files, "-o", `${target}.new`, ...library.libraries, ...platform]
  const failure = runCompiler(args)
  if (failure !== null) return failure
  copyFileSync(`${target}.new`, target)
  rmSync(`${target}.new`, { force: true })
  return null
}

/** PortAudio from the package, which is for Intel processors, else the system's. */
function portAudio(source, output) {
  const includes = [`-I${join(source, "portaudio", "include")}`]
  if (process.arch === "x64") {
    const isMac = process.platform === "darwin"
    const name = isMac ? "libportaudio.dylib" : "libportaudio.so.2"
    copyFileSync(join(source, "portaudio", "bin", name), join(output, name))
    return { includes, libraries: [join(output, name), `-Wl,-rpath,${isMac ? "@loader_path" : "$ORIGIN"}`] }
  }
  const found = spawnSync("pkg-config", ["--libs", "portaudio-2.0"], { encoding: "utf8", timeout: 10_000 })
  if (found.status === 0) return { includes, libraries: found.stdout.split(/\s+/).filter(Boolean) }
  return { reason: 'PortAudio is missing: install portaudio19-dev, or on a Mac "brew install portaudio pkg-config".' }
}

function runCompiler(args) {
  const result = spawnSync("c++", args, { encoding: "utf8", timeout: 300_000 })
  if (result.error) return `There is no C++ compiler (${result.error.message}).`
  if (result.status === 0) return null
  const line = result.stderr.split("\n").find((text) => /error/i.test(text)) ?? result.stderr.trim().split("\n").at(-1)
  return `The C++ compiler failed: ${(line ?? "no message").slice(0, 300)}`
}

/** On Windows the compiler is found by node-gyp, which npm brings. */
function buildWithNodeGyp(source) {
  const gyp = [
    join(dirname(process.execPath), "node_modules", "npm", "node_modules", "node-gyp", "bin", "node-gyp.js"),
    join(dirname(process.env.npm_execpath ?? ""), "..", "node_modules", "node-gyp", "bin", "node-gyp.js"),
  ].find(existsSync)
  if (!gyp) return "node-gyp, which comes with npm, was not found."
  const result = spawnSync(process.execPath, [gyp, "rebuild"], { cwd: source, encoding: "utf8", timeout: 300_000 })
  return result.status === 0 ? null : "node-gyp could not compile it; it needs Visual Studio's C++ build tools."
}
