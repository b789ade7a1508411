import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { BrowserWindow } from "../fakes/electron.ts"

vi.mock("electron", () => import("../fakes/electron.ts"))
const { openMainWindow } = await import("#electron/window.ts")
const { readWindowState, writeWindowState } = await import("#electron/windowState.ts")

let folder: string
let stateFile: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zenglow-place-"))
  stateFile = join(folder, "deep", "window.json")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = async (): Promise<BrowserWindow> => {
  await openMainWindow({ baseUrl: "http://127.0.0.1:9071", ticket: "secret", preload: "/preload.cjs", stateFile })
  if (!BrowserWindow.last) throw new Error("no window was made")
  return BrowserWindow.last
}

describe("the window", () => {
  it("is sandboxed and isolated, and shows only when it has something to show", async () => {
    const window = await open()
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    })
    expect(window.options.show).toBe(false)
    expect(window.isShown).toBe(false)
    window.emit("ready-to-show")
    expect(window.isShown).toBe(true)
  })

  it("locks its session and its navigation before anything loads", async () => {
    const window = await open()
    expect(window.webContents.session.sends("https://example.com/")).toBe(false)
    expect(window.webContents.lets("will-navigate", "https://example.com/")).toBe(false)
    expect(window.webContents.openHandler).toBeDefined()
  })

  it("carries the ticket in the fragment alone", async () => {
    expect((await open()).loaded).toEqual(["http://127.0.0.1:9071/#ticket=secret"])
  })

  it("comes back where it was closed, maximised if it was", async () => {
    const first = await open()
    first.bounds = { x: 40, y: 60, width: 800, height: 600 }
    first.maximized = true
    first.emit("close")
    const second = await open()
    expect(second.options).toMatchObject({ x: 40, y: 60, width: 800, height: 600 })
    expect(second.maximized).toBe(true)
  })
})

describe("its place", () => {
  const screens = [{ x: 0, y: 0, width: 1600, height: 1000 }]
  const save = (text: string): string => {
    const file = join(folder, "state.json")
    writeFileSync(file, text)
    return file
  }
  const usual = { width: 1280, height: 800, isMaximized: false }

  it.each(["", "{", "[]", "null", '{"width":"900","height":700}', '{"width":1,"height":1}'])(
    "is the usual one after %j",
    (text) => {
      expect(readWindowState(save(text), screens)).toEqual(usual)
    },
  )

  it("keeps its size but not its place when that screen is gone", () => {
    const file = save(JSON.stringify({ x: 2000, y: 100, width: 900, height: 700, isMaximized: false }))
    expect(readWindowState(file, screens)).toEqual({ width: 900, height: 700, isMaximized: false })
  })

  it("makes its folder, and a place that cannot be written is let go", () => {
    const state = { x: 1, y: 2, width: 900, height: 700, isMaximized: true }
    writeWindowState(stateFile, state)
    expect(JSON.parse(readFileSync(stateFile, "utf8"))).toEqual(state)
    expect(() => writeWindowState(join(stateFile, "below-a-file"), state)).not.toThrow()
  })
})
