import { create } from "zustand"

/** What the desktop shell's preload adds to the window. Absent in a browser. */
export interface DesktopBridge {
  platform?: string
  /** Paths the person chose in the system's dialog. Empty when cancelled. */
  chooseFolder?: () => Promise<string[]>
  /** Calls back when the global "talk" shortcut is pressed. Returns the end of the subscription. */
  onToggleTalk?: (listener: () => void) => () => void
}

declare global {
  interface Window {
    zenglow?: DesktopBridge
  }
}

interface SessionState {
  status: "starting" | "signed-in" | "signed-out"
  token: string | null
}

const storageKey = "zenglow.session"

export const useSession = create<SessionState>(() => ({ status: "starting", token: null }))

/** Origin of the core: it serves this page. Without a trailing slash. */
export const baseUrl = (): string => window.location.origin

/** Takes the session from a ticket in the URL fragment, or from an earlier load of this tab. */
export async function startSession(): Promise<void> {
  const ticket = /[#&]ticket=([^&]+)/.exec(window.location.hash)?.[1]
  // The ticket leaves the address bar and the history before anything else happens.
  if (ticket) window.history.replaceState(null, "", `${window.location.pathname}#/`)
  if (ticket) {
    try {
      const response = await fetch(`${baseUrl()}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ticket: decodeURIComponent(ticket) }),
      })
      const body: unknown = await response.json()
      if (response.ok && isToken(body)) return signIn(body.token)
    } catch {
      // A used ticket is no reason to forget a session that still works.
    }
  }
  const kept = window.sessionStorage.getItem(storageKey)
  if (kept) return signIn(kept)
  signOut()
}

export function signIn(token: string): void {
  window.sessionStorage.setItem(storageKey, token)
  useSession.setState({ status: "signed-in", token })
}

export function signOut(): void {
  window.sessionStorage.removeItem(storageKey)
  useSession.setState({ status: "signed-out", token: null })
}

const isToken = (body: unknown): body is { token: string } =>
  typeof body === "object" && body !== null && "token" in body && typeof body.token === "string"
