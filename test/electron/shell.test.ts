import { execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { ElectronApplication } from "playwright"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { electronFixture } from "./electronFixture.ts"
import { builtCli, builtMain, installStarter, launchShell, type Shell, shellArgs, startDisplay } from "./shell.ts"

const fixture = await electronFixture()
const display = "reason" in fixture ? null : await startDisplay()
const obstacle =
  "reason" in fixture
    ? fixture.reason
    : display === null
      ? "Xvfb is not installed"
      : existsSync(builtMain)
        ? null
        : "the shell is not built"
if (obstacle) process.stderr.write(`The window's tests were not run: ${obstacle}.\n`)
const hasKeyboard = spawnSync("xdotool", ["--version"]).status === 0
if (!obstacle && !hasKeyboard) process.stderr.write("The shortcut's test was not run: xdotool is not installed.\n")

let dataDir: string
let shells: Shell[]
let elsewhere: Server
let elsewhereUrl: string
let elsewhereHits: string[]

/** What the starter noted, in Electron's main process. */
interface Seen {
  trays: { tray: { isDestroyed(): boolean }; menu: { items: { label: string; click(): void }[] } | null }[]
  opened: string[]
}
declare global {
  var seen: Seen
  var talks: number
}

const environment = (extra: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: dataDir,
  DISPLAY: display?.display ?? "",
  ZENGLOW_DATA_DIR: dataDir,
  ZENGLOW_PORT: "0",
  ZENGLOW_OFFLINE: "1",
  ZENGLOW_TEST_MAIN: builtMain,
  ...extra,
})

const fixtureFolder = "folder" in fixture ? fixture.folder : ""
const executable = "executable" in fixture ? fixture.executable : ""

async function openShell(): Promise<Shell> {
  const shell = await launchShell(executable, environment())
  shells.push(shell)
  await shell.page.locator("nav[aria-label=Main]").waitFor()
  return shell
}

const quit = async (shell: Shell): Promise<number | null> => {
  // The answer never comes when the process ends first.
  await shell.app.evaluate(({ app }) => app.quit()).catch(() => {})
  return await shell.exited
}

const runtime = (): { pid: number; baseUrl: string } =>
  JSON.parse(readFileSync(join(dataDir, "runtime.json"), "utf8")) as { pid: number; baseUrl: string }

/** Every process that works on our data directory or lies below one that does. */
function processesOfOurs(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, "utf8")
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
        return environ.includes(dataDir) || command.includes(dataDir) ? [`${pid} ${command}`] : []
      } catch {
        return []
      }
    })
}

const bounds = (app: ElectronApplication) =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())

beforeAll(async () => {
  if ("folder" in fixture) installStarter(fixture.folder)
  elsewhereHits = []
  elsewhere = createServer((request, response) => {
    elsewhereHits.push(request.url ?? "")
    response.end("<title>Elsewhere</title>")
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve))
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`
})
afterAll(() => {
  display?.stop()
  elsewhere.close()
})
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "zenglow-shell-"))
  shells = []
})
afterEach(async () => {
  for (const shell of shells) {
    if (shell.process.exitCode === null) shell.process.kill("SIGKILL")
    await shell.exited
  }
  await expect.poll(processesOfOurs, { timeout: 15_000 }).toEqual([])
  rmSync(dataDir, { recursive: true, force: true })
})

describe.skipIf(obstacle !== null)("the window in Electron", () => {
  it("opens on the live core, signed in, and answers a typed question with citations", async () => {
    const { page } = await openShell()
    expect(new URL(page.url()).origin).toBe(runtime().baseUrl)
    expect(page.url()).not.toContain("ticket")
    const key = readFileSync(join(dataDir, "api-key"), "utf8").trim()
    // The sample documents are taken in at the first start.
    await expect
      .poll(
        async () => {
          const response = await fetch(new URL("/api/documents", runtime().baseUrl), {
            headers: { authorization: `Bearer ${key}` },
          })
          const { items } = (await response.json()) as { items: { status: string }[] }
          return items.filter((item) => item.status === "ready").length
        },
        { timeout: 60_000, interval: 200 },
      )
      .toBeGreaterThanOrEqual(6)
    await page.evaluate(() => {
      window.location.hash = "#/chat"
    })
    await page.locator("#composer").fill("How often should the filter cartridge be changed?")
    await page.keyboard.press("Enter")
    await page.locator(".answer .citation").first().waitFor({ timeout: 60_000 })
    expect(await page.locator(".answer").first().textContent()).toMatch(/4 weeks/)
    await page.reload()
    await page.locator(".answer .citation").first().waitFor({ timeout: 30_000 })
  })

  it("gives the page its microphone and nothing else, and none of Node", async () => {
    const { page } = await openShell()
    const found = await page.evaluate(async () => {
      const outcome = (asked: Promise<unknown>) =>
        asked.then(
          () => "granted",
          (error: Error) => error.name,
        )
      const { mediaDevices, geolocation } = navigator
      return {
        microphone: await outcome(mediaDevices.getUserMedia({ audio: true })),
        camera: await outcome(mediaDevices.getUserMedia({ video: true })),
        both: await outcome(mediaDevices.getUserMedia({ audio: true, video: true })),
        screen: await outcome(mediaDevices.getDisplayMedia({ video: true })),
        place: await new Promise((resolve) =>
          geolocation.getCurrentPosition(
            () => resolve("granted"),
            (error) => resolve(error.code),
          ),
        ),
        notifications: await Notification.requestPermission(),
        verbs: Object.keys(window.zenglow ?? {}).sort(),
        node: [
          typeof Reflect.get(window, "require"),
          typeof Reflect.get(window, "process"),
          typeof Reflect.get(window, "module"),
        ],
      }
    })
    expect(found).toEqual({
      microphone: "granted",
      camera: "NotAllowedError",
      both: "NotAllowedError",
      screen: expect.stringMatching(/NotAllowedError|NotSupportedError|AbortError/),
      place: 1,
      notifications: "denied",
      verbs: ["chooseFolder", "onToggleTalk", "platform"],
      node: ["undefined", "undefined", "undefined"],
    })
  })

  it("refuses the microphone to a page of another origin, and loads none from the network", async () => {
    const { app } = await openShell()
    elsewhereHits = []
    const other = app.waitForEvent("window")
    // A window the shell would never make, in its session: the lock must hold on the session alone.
    const loaded = await app.evaluate(async ({ BrowserWindow }, url) => {
      const window = new BrowserWindow({ show: false })
      const outcome = await window.loadURL(url).then(
        () => "loaded",
        () => "refused",
      )
      await window.loadURL("data:text/html,<title>Elsewhere</title>", { baseURLForDataURL: url })
      return outcome
    }, elsewhereUrl)
    expect(loaded).toBe("refused")
    expect(elsewhereHits).toEqual([])
    const page = await other
    // The refused page goes first: only the second one stays.
    await page.waitForFunction(() => document.title === "Elsewhere")
    const found = await page.evaluate(() =>
      navigator.mediaDevices.getUserMedia({ audio: true }).then(
        () => "granted",
        (error: Error) => `${window.location.origin} ${error.name}`,
      ),
    )
    expect(found).toBe(`${new URL(elsewhereUrl).origin} NotAllowedError`)
  })

  it("stays on the core's pages: no navigation, no request, no frame and no new window elsewhere", async () => {
    const { app, page } = await openShell()
    elsewhereHits = []
    // Without the fragment: the first run shows its welcome in the meantime.
    const place = () => page.url().split("#")[0]
    const before = place()
    await page.evaluate((url) => {
      const link = document.createElement("a")
      link.href = url
      document.body.append(link)
      link.click()
    }, elsewhereUrl)
    await page.evaluate((url) => {
      window.location.href = url
    }, elsewhereUrl)
    expect(await page.evaluate((url) => window.open(url) === null, elsewhereUrl)).toBe(true)
    expect(await page.evaluate((url) => window.open(url) === null, "file:///etc/hostname")).toBe(true)
    const fetched = await page.evaluate(
      (url) =>
        fetch(url, { mode: "no-cors" }).then(
          () => "got it",
          () => "refused",
        ),
      elsewhereUrl,
    )
    expect(fetched).toBe("refused")
    expect(place()).toBe(before)
    expect(app.windows()).toHaveLength(1)
    expect(elsewhereHits).toEqual([])
    // A link goes to the person's own browser; anything but http stays where it is.
    expect(await app.evaluate(() => globalThis.seen.opened)).toEqual([elsewhereUrl])
  })

  it("has a tray that shows the window, starts talking and quits", async () => {
    const shell = await openShell()
    await expect.poll(() => shell.app.evaluate(() => globalThis.seen.trays.length)).toBe(1)
    const labels = await shell.app.evaluate(() =>
      globalThis.seen.trays[0]?.menu?.items.map((item) => item.label).filter(Boolean),
    )
    expect(labels).toEqual(["Show ZenGlow", "Talk", "Quit"])
    await shell.page.evaluate(() => {
      globalThis.talks = 0
      window.zenglow?.onToggleTalk?.(() => {
        globalThis.talks++
      })
    })
    await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    await shell.app.evaluate(() => globalThis.seen.trays[0]?.menu?.items[1]?.click())
    await expect.poll(() => shell.page.evaluate(() => globalThis.talks)).toBe(1)
    expect(await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true)
    await shell.app.evaluate(() => globalThis.seen.trays[0]?.menu?.items.at(-1)?.click()).catch(() => {})
    expect(await shell.exited).toBe(0)
  })

  it.skipIf(!hasKeyboard)("toggles talking on the global shortcut, pressed in another program", async () => {
    const { app, page } = await openShell()
    await expect
      .poll(() => app.evaluate(({ globalShortcut }) => globalShortcut.isRegistered("CommandOrControl+Shift+Space")))
      .toBe(true)
    await page.evaluate(() => {
      globalThis.talks = 0
      window.zenglow?.onToggleTalk?.(() => {
        globalThis.talks++
      })
    })
    const press = (): void => {
      execFileSync("xdotool", ["key", "ctrl+shift+space"], { env: environment() })
    }
    press()
    await expect.poll(() => page.evaluate(() => globalThis.talks)).toBe(1)
    press()
    await expect.poll(() => page.evaluate(() => globalThis.talks)).toBe(2)
  })

  it("shows the first window on a second start, which ends", async () => {
    const { app } = await openShell()
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    const second = spawn(executable, shellArgs, { env: environment(), stdio: "ignore" })
    expect(await new Promise((resolve) => second.once("exit", resolve))).toBe(0)
    await expect
      .poll(() =>
        app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible())),
      )
      .toEqual([true])
  })

  it("comes back where it was left", async () => {
    const first = await openShell()
    await first.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.setBounds({ x: 120, y: 90, width: 900, height: 640 }),
    )
    await expect.poll(() => bounds(first.app)).toMatchObject({ width: 900, height: 640 })
    const left = await bounds(first.app)
    expect(await quit(first)).toBe(0)
    const second = await openShell()
    expect(await bounds(second.app)).toEqual(left)
  })

  it("leaves no process when it quits", async () => {
    const shell = await openShell()
    const { pid } = runtime()
    expect(processesOfOurs().some((line) => line.startsWith(`${pid} `))).toBe(true)
    expect(await quit(shell)).toBe(0)
    expect(processesOfOurs()).toEqual([])
    expect(existsSync(join(dataDir, "runtime.json"))).toBe(false)
  })

  it("leaves no process when it is killed", async () => {
    const shell = await openShell()
    shell.process.kill("SIGKILL")
    await shell.exited
    await expect.poll(processesOfOurs, { timeout: 15_000 }).toEqual([])
  })

  it("says what happened and ends with 1 when its core is killed", async () => {
    const shell = await openShell()
    process.kill(runtime().pid, "SIGKILL")
    expect(await shell.exited).toBe(1)
    expect(shell.said()).toContain("error box: ZenGlow cannot go on: The core stopped (SIGKILL).")
  })

  it("leaves a core it only attached to running, and ends with it", async () => {
    const core = spawn(process.execPath, [builtCli, "serve", "--json"], {
      env: environment(),
      stdio: ["ignore", "pipe", "inherit"],
    })
    const gone = new Promise<number | null>((resolve) => core.once("exit", (code) => resolve(code)))
    try {
      await new Promise<void>((resolve) => createInterface({ input: core.stdout }).once("line", () => resolve()))
      const first = await openShell()
      expect(runtime().pid).toBe(core.pid)
      expect(await quit(first)).toBe(0)
      expect((await fetch(new URL("/health", runtime().baseUrl))).status).toBe(200)
      const second = await openShell()
      core.kill("SIGTERM")
      expect(await gone).toBe(0)
      expect(await second.exited).toBe(1)
      expect(second.said()).toContain("was stopped")
    } finally {
      core.kill("SIGKILL")
    }
  })

  it.each([
    ["the window is closed", "shell"],
    ["the command is interrupted", "command"],
  ])("is the window of `npm start`, which ends, window and core, when %s", async (_, ended) => {
    const command = spawn(process.execPath, [builtCli], {
      env: environment({ ELECTRON_OVERRIDE_DIST_PATH: fixtureFolder }),
      stdio: "ignore",
    })
    const exited = new Promise<number | null>((resolve) => command.once("exit", (code) => resolve(code)))
    const find = (what: (line: string) => boolean): number => Number.parseInt(processesOfOurs().find(what) ?? "", 10)
    await expect.poll(() => find((line) => line.includes("--type=renderer")), { timeout: 60_000 }).toBeGreaterThan(0)
    const shell = find((line) => line.includes(executable) && !line.includes("--type="))
    process.kill(ended === "shell" ? shell : (command.pid ?? 0), "SIGTERM")
    expect(await exited).toBe(0)
    await expect.poll(processesOfOurs, { timeout: 15_000 }).toEqual([])
  })
})
