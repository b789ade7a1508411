import { describe, expect, it, vi } from "vitest"
import { createFakeSession, FakeContents } from "../fakes/electron.ts"

vi.mock("electron", () => import("../fakes/electron.ts"))
const { lockNavigation, lockSession } = await import("#electron/permissions.ts")

const origin = "http://127.0.0.1:9071"
const page = `${origin}/#/chat`

function lockedSession() {
  const session = createFakeSession()
  lockSession(session as never, origin)
  return session
}

describe("permissions", () => {
  it("gives the core's page its microphone", () => {
    const session = lockedSession()
    expect(session.requests("media", page, { mediaTypes: ["audio"] })).toBe(true)
    expect(session.checks("media", origin, { mediaType: "audio" })).toBe(true)
  })

  it.each([["video"], ["audio", "video"], []])("refuses a camera or a screen: %j", (...mediaTypes) => {
    expect(lockedSession().requests("media", page, { mediaTypes })).toBe(false)
  })

  it("refuses to look at cameras", () => {
    expect(lockedSession().checks("media", origin, { mediaType: "video" })).toBe(false)
  })

  it.each([
    "geolocation",
    "notifications",
    "midi",
    "midiSysex",
    "pointerLock",
    "fullscreen",
    "openExternal",
    "display-capture",
    "clipboard-read",
    "serial",
    "hid",
    "usb",
    "idle-detection",
    "window-management",
    "something-new",
  ])("refuses %s", (permission) => {
    const session = lockedSession()
    expect(session.requests(permission, page)).toBe(false)
    expect(session.checks(permission, origin)).toBe(false)
  })

  it.each([
    "http://127.0.0.1:9072/",
    "https://127.0.0.1:9071/",
    "http://localhost:9071/",
    "http://127.0.0.1:9071.example.com/",
    "http://127.0.0.1:9071@example.com/",
    "data:text/html,hi",
    "file:///index.html",
    "",
  ])("refuses the microphone to %j", (url) => {
    const session = lockedSession()
    expect(session.requests("media", url, { mediaTypes: ["audio"] })).toBe(false)
    expect(session.requests("media", page, { mediaTypes: ["audio"], requestingUrl: url })).toBe(false)
    expect(session.checks("media", url, { mediaType: "audio" })).toBe(false)
  })

  it("refuses devices", () => {
    expect(lockedSession().allowsDevice()).toBe(false)
  })
})

describe("requests", () => {
  it.each([`${origin}/assets/app.js`, "ws://127.0.0.1:9071/ws", "data:,x", `blob:${origin}/1`])(
    "lets %s through",
    (url) => {
      expect(lockedSession().sends(url)).toBe(true)
    },
  )

  it.each([
    "https://example.com/",
    "http://127.0.0.1:9072/",
    "ws://example.com/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:9071/",
  ])("stops %s", (url) => {
    expect(lockedSession().sends(url)).toBe(false)
  })
})

describe("navigation", () => {
  const locked = () => {
    const contents = new FakeContents()
    const opened: string[] = []
    lockNavigation(contents as never, origin, (url) => void opened.push(url))
    return { contents, opened }
  }

  it.each(["will-navigate", "will-redirect"])("stays on the core's origin: %s", (event) => {
    const { contents } = locked()
    expect(contents.lets(event, `${origin}/docs`)).toBe(true)
    for (const url of ["https://example.com/", "file:///etc/passwd", "javascript:alert(1)", "not an address"])
      expect(contents.lets(event, url), url).toBe(false)
  })

  it("attaches no webview", () => {
    expect(locked().contents.lets("will-attach-webview", "")).toBe(false)
  })

  it("opens no window; web links go to the person's browser, other schemes nowhere", () => {
    const { contents, opened } = locked()
    for (const url of [
      "https://example.com/a",
      "file:///etc/passwd",
      "smb://host/share",
      "ms-settings:",
      `${origin}/docs`,
    ])
      expect(contents.openHandler?.({ url })).toEqual({ action: "deny" })
    expect(opened).toEqual(["https://example.com/a"])
  })
})
