import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { fetchElectron } from "#app/fetchElectron.ts"
import { openEgress } from "../fakes/openEgress.ts"

vi.setConfig({ testTimeout: 60_000 })

const cli = fileURLToPath(new URL("../../main/cli/index.ts", import.meta.url))
/** Says its arguments to the test, and ends with the code the test answers when the person "closes the window". */
const fakeBrowser = `#!${process.execPath}
fetch(process.env.FAKE_BROWSER_REPORT, { method: "POST", body: JSON.stringify(process.argv.slice(2)) })
  .then((response) => response.text())
  .then((code) => process.exit(Number(code)))
`

interface BrowserStart {
  args: string[]
  end(code: number): void
}

interface Command {
  child: ChildProcess
  output(): string
  /** Resolves when the text was printed. */
  prints(text: string): Promise<void>
  exited: Promise<number | null>
}

let folder: string
let report: Server
let starts: BrowserStart[]
let onStart: () => void
let commands: Command[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zenglow-window-"))
  mkdirSync(join(folder, "bin"))
  mkdirSync(join(folder, "no-electron"))
  writeFileSync(join(folder, "bin", "chromium"), fakeBrowser, { mode: 0o755 })
  starts = []
  onStart = () => {}
  commands = []
  report = createServer((request, response: ServerResponse) => {
    let body = ""
    request.on("data", (chunk) => {
      body += chunk
    })
    request.on("end", () => {
      starts.push({ args: JSON.parse(body) as string[], end: (code) => response.end(String(code)) })
      onStart()
    })
  })
  await new Promise<void>((resolve) => report.listen(0, "127.0.0.1", resolve))
})

afterEach(async () => {
  for (const { child, exited } of commands) {
    child.kill("SIGTERM")
    await exited
  }
  report.closeAllConnections()
  report.close()
  rmSync(folder, { recursive: true, force: true })
})

function zenglow(args: string[], env: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [cli, "--data-dir", join(folder, "data"), "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: join(folder, "bin"),
      HOME: folder,
      DISPLAY: ":7",
      ZENGLOW_OFFLINE: "1",
      ELECTRON_OVERRIDE_DIST_PATH: join(folder, "no-electron"),
      FAKE_BROWSER_REPORT: `http://127.0.0.1:${(report.address() as AddressInfo).port}/`,
      ...env,
    },
  })
  let output = ""
  const listeners = new Set<() => void>()
  const take = (chunk: Buffer): void => {
    output += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout?.on("data", take)
  child.stderr?.on("data", take)
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))
  const prints = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (output.includes(text)) resolve()
      }
      listeners.add(look)
      look()
      void exited.then(() => reject(new Error(`It ended without "${text}":\n${output}`)))
    })
  const command = { child, output: () => output, prints, exited }
  commands.push(command)
  return command
}

/** The next window that the fake browser is asked for. */
async function nextWindow(count: number): Promise<BrowserStart> {
  while (starts.length < count)
    await new Promise<void>((resolve) => {
      onStart = resolve
    })
  const start = starts[count - 1]
  if (!start) throw new Error("no window")
  return start
}

const urlOf = (start: BrowserStart): URL => {
  const url = start.args.find((arg) => arg.startsWith("--app="))?.slice("--app=".length)
  if (!url) throw new Error("no app window was asked for")
  return new URL(url)
}

describe.skipIf(process.platform !== "linux")("npm start with a browser's app window", () => {
  it("opens it on the core with a profile of its own and the ticket in the fragment alone", async () => {
    const command = zenglow([])
    const start = await nextWindow(1)
    const url = urlOf(start)
    expect(url.search).toBe("")
    expect(url.pathname).toBe("/")
    const ticket = /^#ticket=([\w-]+)$/.exec(url.hash)?.[1] ?? ""
    expect(start.args).toContain(`--user-data-dir=${join(folder, "data", "window")}`)
    expect(start.args.filter((arg) => arg.includes(ticket))).toHaveLength(1)
    expect(command.output()).not.toContain(ticket)

    const trade = () =>
      fetch(new URL("/api/session", url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ticket }),
      })
    const { token } = (await (await trade()).json()) as { token: string }
    const settings = await fetch(new URL("/api/settings", url), { headers: { authorization: `Bearer ${token}` } })
    expect(settings.status).toBe(200)
    expect((await trade()).status).toBe(401)
    start.end(0)
    await command.exited
  })

  it("ends, and the core with it, when the window is closed", async () => {
    const command = zenglow([])
    const start = await nextWindow(1)
    start.end(0)
    expect(await command.exited).toBe(0)
    await expect(fetch(urlOf(start))).rejects.toThrow()
    expect(existsSync(join(folder, "data", "runtime.json"))).toBe(false)
  })

  it("prints the address and goes on when the browser cannot show the window", async () => {
    const command = zenglow([])
    const start = await nextWindow(1)
    start.end(1)
    await command.prints("/#ticket=")
    expect((await fetch(new URL("/health", urlOf(start)))).status).toBe(200)
  })

  it("opens a second window on the running core, says so, and exits 0", async () => {
    const first = zenglow([])
    const start = await nextWindow(1)
    const second = zenglow([])
    const other = await nextWindow(2)
    expect(await second.exited).toBe(0)
    expect(second.output()).toContain("already running")
    expect(urlOf(other).origin).toBe(urlOf(start).origin)
    expect(urlOf(other).hash).not.toBe(urlOf(start).hash)
    other.end(0)
    expect(first.child.exitCode).toBeNull()
    expect((await fetch(new URL("/health", urlOf(start)))).status).toBe(200)
    start.end(0)
    expect(await first.exited).toBe(0)
  })

  it("never opens one with --no-window, first or second", async () => {
    const first = zenglow(["--no-window"])
    await first.prints("Stop with Ctrl-C")
    const second = zenglow(["--no-window"])
    expect(await second.exited).toBe(0)
    first.child.kill("SIGTERM")
    expect(await first.exited).toBe(0)
    expect(starts).toHaveLength(0)
  })

  it("prints the address where there is no screen", async () => {
    const command = zenglow([], { DISPLAY: "" })
    await command.prints("/#ticket=")
    expect(starts).toHaveLength(0)
    const second = zenglow([], { DISPLAY: "" })
    expect(await second.exited).toBe(0)
    expect(second.output()).toContain("/#ticket=")
  })
})

describe("fetching Electron", () => {
  const never = new AbortController().signal
  const packageWith = (installer: string): string => {
    const electron = join(folder, "electron")
    mkdirSync(electron)
    writeFileSync(join(electron, "package.json"), JSON.stringify({ name: "electron", version: "45.0.0" }))
    writeFileSync(
      join(electron, "install.js"),
      `require("node:fs").appendFileSync(${JSON.stringify(join(folder, "runs"))}, "run\\n"); ${installer}`,
    )
    return electron
  }
  const options = (electron: string, said: string[]) => ({
    dataDir: join(folder, "data"),
    env: { ...process.env, DISPLAY: ":7", ELECTRON_OVERRIDE_DIST_PATH: undefined },
    note: (text: string) => void said.push(text),
    folder: electron,
    egress: openEgress,
  })
  const runs = (): number => readFileSync(join(folder, "runs"), "utf8").split("\n").length - 1

  it("runs the package's own installer and tells how it went", async () => {
    const said: string[] = []
    expect(await fetchElectron(options(packageWith("process.exit(0)"), said), never)).toBe(true)
    expect(said).toHaveLength(2)
  })

  it("does not ask again where it could not be had", async () => {
    const electron = packageWith("process.exit(1)")
    const said: string[] = []
    expect(await fetchElectron(options(electron, said), never)).toBe(false)
    expect(said.at(-1)).toContain("could not be fetched")
    expect(await fetchElectron(options(electron, said), never)).toBe(false)
    expect(runs()).toBe(1)
  })

  it("tries again after an interrupted try", async () => {
    const electron = packageWith("setInterval(() => {}, 1000)")
    const stop = new AbortController()
    const interrupted = options(electron, [])
    const fetched = fetchElectron({ ...interrupted, note: () => stop.abort() }, stop.signal)
    expect(await fetched).toBe(false)
    expect(existsSync(join(folder, "data", "electron-tried"))).toBe(false)
  })
})
