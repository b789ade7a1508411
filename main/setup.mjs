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

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modulesDir = join(root, "node_modules")
const installStamp = join(modulesDir, ".zenglow-install")
const buildStamp = join(root, "dist", ".build")

/** A clone builds itself; an installed package carries its build and no lock file. */
export const isClone = existsSync(join(root, "package-lock.json"))

/** Installs exactly what the lock file says, when that changed. Install scripts stay off: nothing we use needs one. */
export function ensureInstalled() {
  if (!isClone) return
  const wanted = digest([join(root, "package-lock.json")])
  if (readText(installStamp) === wanted) return
  say("Installing dependencies (about a minute, once)…")
  const npm = npmCommand()
  run(npm.command, [...npm.args, "ci", "--no-fund", "--no-audit", "--loglevel=error"])
  pruneForeignBinaries()
  writeFileSync(installStamp, wanted)
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

/** Binaries of other platforms that come along in some packages: 250 MB nobody here can run. */
function pruneForeignBinaries() {
  const keepOnnx = join(process.platform, process.arch)
  const onnx = join(modulesDir, "onnxruntime-node", "bin", "napi-v6")
  for (const platform of list(onnx)) {
    for (const arch of list(join(onnx, platform))) {
      if (join(platform, arch) !== keepOnnx) rmSync(join(onnx, platform, arch), { recursive: true, force: true })
    }
  }
  const llama = join(modulesDir, "@node-llama-cpp")
  const os = process.platform === "darwin" ? "mac" : process.platform === "win32" ? "win" : process.platform
  for (const name of list(llama)) {
    if (!name.startsWith(`${os}-${process.arch}`)) rmSync(join(llama, name), { recursive: true, force: true })
  }
}

function npmCommand() {
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
