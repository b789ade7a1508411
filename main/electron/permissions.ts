import type { Session, WebContents } from "electron"

/** What the window may ask of Chromium: its microphone, and writing to the clipboard. Everything else is refused. */
const allowed = new Set(["media", "clipboard-sanitized-write", "speaker-selection"])

/** Locks a session to the core's own origin: permissions, and requests that leave the machine. */
export function lockSession(session: Session, origin: string): void {
  const isOwn = (url: string): boolean => {
    try {
      return new URL(url).origin === origin
    } catch {
      return false
    }
  }
  session.setPermissionRequestHandler((contents, permission, decide, details) => {
    const isAudioOnly = !("mediaTypes" in details) || !details.mediaTypes?.includes("video")
    decide(allowed.has(permission) && isOwn(contents.getURL()) && isAudioOnly)
  })
  session.setPermissionCheckHandler(
    (_, permission, requestingOrigin) => allowed.has(permission) && isOwn(requestingOrigin),
  )
  session.webRequest.onBeforeRequest((details, decide) => {
    const { protocol } = new URL(details.url)
    const isLocal = protocol === "data:" || protocol === "blob:" || protocol === "devtools:" || protocol === "file:"
    decide({ cancel: !(isLocal || isOwn(details.url) || isOwn(details.url.replace(/^ws/, "http"))) })
  })
}

/** Keeps the window on the core's pages; links to elsewhere open in the person's browser. */
export function lockNavigation(contents: WebContents, origin: string, openExternal: (url: string) => void): void {
  contents.on("will-navigate", (event, url) => {
    if (new URL(url).origin !== origin) event.preventDefault()
  })
  contents.on("will-attach-webview", (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (/^https?:$/.test(new URL(url).protocol)) openExternal(url)
    return { action: "deny" }
  })
}
