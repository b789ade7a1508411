import type { Session, WebContents } from "electron"

/** What the window may ask of Chromium: its microphone, and writing to the clipboard. Everything else is refused. */
const allowed = new Set(["media", "clipboard-sanitized-write", "speaker-selection"])

/** Whether an address lies on this origin. Sockets count as their page's origin. */
function isOn(origin: string, url: string | undefined): boolean {
  try {
    return new URL((url ?? "").replace(/^ws/, "http")).origin === origin
  } catch {
    return false
  }
}

/** Locks a session to the core's own origin: permissions, devices, and requests that leave the machine. */
export function lockSession(session: Session, origin: string): void {
  session.setPermissionRequestHandler((contents, permission, decide, details) => {
    const isOwn = isOn(origin, contents.getURL()) && isOn(origin, details.requestingUrl)
    const kinds = "mediaTypes" in details ? (details.mediaTypes ?? []) : []
    const isWanted = permission === "media" ? kinds.length > 0 && !kinds.includes("video") : allowed.has(permission)
    decide(isOwn && isWanted)
  })
  session.setPermissionCheckHandler((_, permission, requestingOrigin, { mediaType }) => {
    return allowed.has(permission) && isOn(origin, requestingOrigin) && mediaType !== "video"
  })
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    decide({ cancel: !(/^(data|blob|devtools):/.test(url) || isOn(origin, url)) })
  })
}

/** Keeps the window on the core's pages; links to elsewhere open in the person's browser. */
export function lockNavigation(contents: WebContents, origin: string, openExternal: (url: string) => void): void {
  const stayHome = (event: { preventDefault(): void }, url: string): void => {
    if (!isOn(origin, url)) event.preventDefault()
  }
  contents.on("will-navigate", stayHome)
  contents.on("will-redirect", stayHome)
  contents.on("will-attach-webview", (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (/^https?:\/\//i.test(url) && !isOn(origin, url)) openExternal(url)
    return { action: "deny" }
  })
}
