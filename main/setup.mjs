/**
 * Makes a clone ready to run: dependencies, the packaged Node 24, and the build. Plain JavaScript for Node 20,
 * because it runs before anything is installed. Everything it says goes to stderr.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureNativeAudio } from "./nativeAudio.mjs"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modulesDir = join(root, "node_modules")
const installStamp = join(modulesDir, ".zenglow-install")
const buildStamp = join(root, "dist", ".build")

/** A clone builds itself; an installed package carries its build and no lock file. */
export const isClone = existsSync(join(root, "package-lock.json"))

/**
 * Installs what the lock file says, when that changed. `npm install --no-save` rather than `npm ci`: it keeps to the lock and adds the
 * platform packages that the lock of another machine may lack. Install scripts stay off; the one addon that is compiled is `ensureSound`'s.
 */
export function ensureInstalled() {
  if (!isClone) return
  const wanted = digest([join(root, "package-lock.json")])
  if (readText(installStamp) === wanted) return
  say("Installing dependencies (about a minute, once)…")
  const npm = npmCommand()
  run(npm.command, [...npm.args, "install", "--no-save", "--no-fund", "--no-audit", "--loglevel=error"])
  pruneForeignBinaries()
  writeFileSync(installStamp, wanted)
}

/** The addon for the machine's own microphones and loudspeakers, compiled once. Without it the window's serve; `doctor` says why. */
export function ensureSound({ retry = false } = {}) {
  return ensureNativeAudio(root, { retry, say })
}

/** The Node that runs everything native: the packaged 24, else this one when it is new enough. */
export function node24() {
  const name = process.platform === "win32" ? "node.exe" : "node"
  const platform = process.platform === "win32" ? "win" : process.platform
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"
  try {
    const manifest = createRequire(join(root, "package.json")).resolve(
      `${prefix}-${platform}-${process.arch}/package.json`,
    )
    const packaged = join(dirname(manifest), "bin", name)
    if (existsSync(packaged)) return packaged
  } catch {
    // No packaged Node for this platform: the check below decides.
  }
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  fail(
    `ZenGlow needs Node 22.18 or newer on this machine (this is ${process.versions.node}). Install Node 24 from nodejs.org and run the command again.`,
  )
}

/** Bundles core, children, CLI, Electron main and window, when a source changed. */
export function ensureBuilt() {
  if (!isClone) return
  const wanted = digest(sourceFiles())
  if (readText(buildStamp) === wanted) return
  say("Building…")
  run(node24(), [join(root, "main", "app", "bundle.ts")])
  mkdirSync(dirname(buildStamp), { recursive: true })
  writeFileSync(buildStamp, wanted)
}

/** Runs a program in the clone's root with our output on stderr; ends this process when it fails. */
export function run(command, args, { stdout = "stderr", env = process.env } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ["inherit", stdout === "stderr" ? 2 : "inherit", "inherit"],
  })
  if (result.error) fail(`${command} did not start: ${result.error.message}`)
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** What some packages bring for other platforms, and sources to compile from: 400 MB nobody here uses. */
function pruneForeignBinaries() {
  const remove = (...path) => rmSync(join(modulesDir, ...path), { recursive: true, force: true })
  const here = `${process.platform}-${process.arch}`
  for (const platform of list(join(modulesDir, "onnxruntime-node", "bin", "napi-v6"))) {
    for (const arch of list(join(modulesDir, "onnxruntime-node", "bin", "napi-v6", platform))) {
      if (`${platform}-${arch}` !== here) remove("onnxruntime-node", "bin", "napi-v6", platform, arch)
    }
  }
  const llamaPlatform = process.platform === "darwin" ? "mac" : process.platform === "win32" ? "win" : process.platform
  for (const name of list(join(modulesDir, "@node-llama-cpp"))) {
    if (!name.startsWith(`${llamaPlatform}-${process.arch}`)) remove("@node-llama-cpp", name)
  }
  for (const name of list(join(modulesDir, "@biomejs"))) {
    if (name.startsWith("cli-") && name !== `cli-${here}` && name !== `cli-${here}-musl`) remove("@biomejs", name)
  }
  remove("node-llama-cpp", "llama", "gitRelease.bundle")
  remove("better-sqlite3", "deps")
  for (const name of list(modulesDir)) {
    if (!/^node-(bin-)?(linux|darwin|win)-/.test(name)) continue
    for (const part of ["include", "share", "lib"]) remove(name, part)
  }
}

export function npmCommand() {
  const cli = process.env.npm_execpath
  if (cli?.endsWith(".js")) return { command: process.execPath, args: [cli] }
  const bundled = [
    join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js"),
    join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
  ].find(existsSync)
  if (bundled) return { command: process.execPath, args: [bundled] }
  return { command: "npm", args: [] }
}

function sourceFiles() {
  const files = [join(root, "package-lock.json"), join(root, "models", "catalog.json")]
  const walk = (folder) => {
    for (const name of list(folder).sort()) {
      const path = join(folder, name)
      if (statSync(path).isDirectory()) walk(path)
      else files.push(path)
    }
  }
  for (const folder of ["main", "preload", "renderer"]) walk(join(root, folder))
  return files
}

function digest(files) {
  const hash = createHash("sha256")
  for (const file of files)
    if (existsSync(file)) hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0")
  return hash.digest("hex")
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder) : []
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : ""
}

export function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
