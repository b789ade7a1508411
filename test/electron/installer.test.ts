import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process"
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { isForTarget } from "../../main/electron/packaging/afterPack.ts"
import { electronFixture } from "./electronFixture.ts"
import { startDisplay } from "./shell.ts"

/** The package for Debian, made, installed, used by somebody without rights, and removed. It installs on the machine it runs on. */
const isWanted = process.env.ZENGLOW_TEST_FULL === "1"
const isDebian = process.getuid?.() === 0 && spawnSync("dpkg-deb", ["--version"]).status === 0
const isThere = spawnSync("dpkg", ["-s", "zenglow"]).status === 0
const fixture = isWanted && isDebian && !isThere ? await electronFixture() : null
const display = fixture && "folder" in fixture ? await startDisplay() : null
const obstacle = !isWanted
  ? "it is one of the long ones (npm run test:full)"
  : !isDebian
    ? "it needs root on Debian"
    : isThere
      ? "a ZenGlow is installed on this machine"
      : fixture && "reason" in fixture
        ? fixture.reason
        : display === null
          ? "Xvfb is not installed"
          : null
if (obstacle && isWanted) process.stderr.write(`The installer's test was not run: ${obstacle}.\n`)

const root = fileURLToPath(new URL("../..", import.meta.url))
const limitBytes = 220e6
/** Where the bytes that switch Electron's fuses begin, and what they say: version 1, a count, then "0" off or "1" on. */
const fuseSentinel = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX"
const nobody = 65534
let work: string
let output: string
let unpacked: string
let deb: string

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile())

describe.skipIf(obstacle !== null)("the installer for Debian", () => {
  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "zenglow-installer-"))
    output = join(work, "out")
    const electron = join(work, "electron")
    const from = fixture && "folder" in fixture ? fixture.folder : ""
    // The fixture was another program once: neither its leftovers nor the starter of the shell's tests belong in here.
    const foreign = new Set(["resources", "usr", "AppRun", "fiftyone.desktop", "fiftyone.png"])
    cpSync(from, electron, { recursive: true, filter: (path) => !foreign.has(relative(from, path)) })
    await promisify(execFile)(
      process.execPath,
      [join(root, "main", "tasks.mjs"), "package", "--linux", "deb", "--x64"],
      {
        cwd: root,
        maxBuffer: 1 << 26,
        env: {
          ...process.env,
          ZENGLOW_PACKAGE_ELECTRON: electron,
          ZENGLOW_PACKAGE_ELECTRON_VERSION: "22.3.25",
          ZENGLOW_PACKAGE_OUTPUT: output,
        },
      },
    )
    unpacked = join(output, "linux-unpacked")
    deb = join(output, readdirSync(output).find((name) => name.endsWith(".deb")) ?? "")
  }, 900_000)

  afterAll(() => {
    display?.stop()
    if (isDebian && !isThere) spawnSync("dpkg", ["--purge", "zenglow"])
    rmSync(work, { recursive: true, force: true })
  })

  it("weighs at most 220 MB, and says that nobody signed it", () => {
    process.stderr.write(
      `The .deb has ${(statSync(deb).size / 1e6).toFixed(1)} MB, installed ${(filesIn(unpacked).reduce((sum, path) => sum + statSync(path).size, 0) / 1e6).toFixed(1)} MB.\n`,
    )
    expect(statSync(deb).size).toBeLessThanOrEqual(limitBytes)
    expect(deb).toMatch(/-unsigned\.deb$/)
  })

  it("carries no native file of another platform, none for graphics cards, and no models", () => {
    const app = filesIn(join(unpacked, "resources"))
    expect(app.filter((path) => !isForTarget(path, { os: "linux", arch: "x64" }))).toEqual([])
    expect(
      app.filter((path) => /cuda|vulkan|musl/i.test(relative(unpacked, path)) && /\.(node|so)/.test(path)),
    ).toEqual([])
    expect(app.filter((path) => /\.(gguf|onnx)$/.test(path))).toEqual([])
  })

  it("has Electron's back doors closed", () => {
    const binary = readFileSync(join(unpacked, "zenglow"))
    const at = binary.indexOf(fuseSentinel) + fuseSentinel.length
    const wire = [...binary.subarray(at + 2, at + 2 + (binary[at + 1] ?? 0))].map((byte) => String.fromCharCode(byte))
    // In order: runAsNode, cookie encryption, NODE_OPTIONS, --inspect, archive integrity, archive only.
    expect(wire.slice(0, 6)).toEqual(["0", "1", "0", "0", "1", "1"])
  })

  it("installs, answers somebody without rights from inside the sandbox, and leaves nothing when removed", async () => {
    execFileSync("dpkg", ["--install", deb], { stdio: "pipe" })
    const installed = execFileSync("dpkg", ["-L", "zenglow"], { encoding: "utf8" }).trim().split("\n")
    const files = installed.filter((path) => lstatSync(path).isFile())
    expect(files).toContain("/opt/ZenGlow/zenglow")

    const home = mkdtempSync(join(tmpdir(), "zenglow-person-"))
    chownSync(home, nobody, nobody)
    const shell = spawn("/usr/bin/zenglow", [], {
      cwd: "/",
      uid: nobody,
      gid: nobody,
      stdio: "ignore",
      env: {
        PATH: "/usr/bin:/bin",
        HOME: home,
        DISPLAY: display?.display ?? "",
        ZENGLOW_DATA_DIR: join(home, "data"),
        ZENGLOW_PORT: "0",
        ZENGLOW_OFFLINE: "1",
      },
    })
    try {
      const renderer = await seen(shell, () => processOf(home, "--type=renderer"))
      expect(readFileSync(`/proc/${renderer}/status`, "utf8")).toMatch(/^Seccomp:\s+2$/m)
      expect(commandLine(String(shell.pid))).not.toContain("--no-sandbox")

      const { baseUrl } = JSON.parse(readFileSync(join(home, "data", "runtime.json"), "utf8")) as { baseUrl: string }
      expect(await (await fetch(`${baseUrl}/health`)).json()).toMatchObject({ status: "ok" })
      const authorization = `Bearer ${readFileSync(join(home, "data", "api-key"), "utf8").trim()}`
      const ask = async (): Promise<{ found: boolean; answer: string | null; citations: { title: string }[] }> => {
        const response = await fetch(`${baseUrl}/rag/query`, {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify({ query: "How often should the filter cartridge be changed?" }),
        })
        return (await response.json()) as Awaited<ReturnType<typeof ask>>
      }
      // The first start reads the sample documents in the background.
      const answer = await vi.waitFor(
        async () => {
          const given = await ask()
          if (!given.found) throw new Error(`Asked about the sample documents, it says: ${given.answer}`)
          return given
        },
        { timeout: 60_000, interval: 500 },
      )
      expect(answer.answer).toContain("every 4 weeks")
      expect(answer.citations[0]?.title).toContain("water filter")
    } finally {
      shell.kill("SIGTERM")
      await new Promise((resolve) => (shell.exitCode === null ? shell.once("exit", resolve) : resolve(null)))
      rmSync(home, { recursive: true, force: true })
    }

    execFileSync("dpkg", ["--purge", "zenglow"], { stdio: "pipe" })
    const elsewhere = ["/opt/ZenGlow", "/usr/bin/zenglow", "/etc/alternatives/zenglow", "/etc/apparmor.d/zenglow"]
    expect([...files, ...elsewhere].filter((path) => lstatSync(path, { throwIfNoEntry: false }))).toEqual([])
  }, 240_000)
})

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
  } catch {
    return ""
  }
}

/** The process of this person's ZenGlow with that argument. */
function processOf(home: string, argument: string): string | null {
  const mine = (pid: string): boolean => /^\d+$/.test(pid) && commandLine(pid).includes(argument)
  const isHomes = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(home) || commandLine(pid).includes(home)
    } catch {
      return false
    }
  }
  return existsSync(join(home, "data", "runtime.json"))
    ? (readdirSync("/proc").find((pid) => mine(pid) && isHomes(pid)) ?? null)
    : null
}

/** What `look` finds, once it does; fails when the shell ends first. */
function seen(shell: ChildProcess, look: () => string | null): Promise<string> {
  const find = (): string => {
    const found = look()
    if (!found) throw new Error("The installed ZenGlow shows no window.")
    return found
  }
  const ended = new Promise<never>((_, reject) =>
    shell.once("exit", (code) => reject(new Error(`The installed ZenGlow ended with code ${code}.`))),
  )
  return Promise.race([vi.waitFor(find, { timeout: 90_000, interval: 100 }), ended])
}
