import type { ReactNode } from "react"
import { create } from "zustand"
import type { Message } from "#contract/conversations.ts"
import type { Passage } from "#contract/turns.ts"

export const pages = [
  "chat",
  "documents",
  "models",
  "memory",
  "metrics",
  "activity",
  "people",
  "settings",
  "evaluation",
  "datasets",
  "vault",
  "welcome",
] as const
export type Page = (typeof pages)[number]

/** What the side panel shows. */
export type Panel =
  | { kind: "passages"; passages: Passage[]; index: number; queryId: string | null }
  | { kind: "document"; documentId: string }
  | { kind: "turn"; message: Message }

export interface Toast {
  id: number
  text: string
  tone: "plain" | "danger"
  action: { label: string; run: () => void } | null
}

interface FrameState {
  page: Page
  /** Second part of the address: a conversation, a collection, a settings section. */
  detail: string | null
  panel: Panel | null
  isPaletteOpen: boolean
  isShortcutSheetOpen: boolean
  toasts: Toast[]
  /** Read out by screen readers. */
  announcement: ReactNode
}

const initial = readHash()
export const useFrame = create<FrameState>(() => ({
  page: initial.page,
  detail: initial.detail,
  panel: null,
  isPaletteOpen: false,
  isShortcutSheetOpen: false,
  toasts: [],
  announcement: "",
}))

/** Goes to a page; the address bar follows, so back and reload work. */
export function goTo(page: Page, detail: string | null = null): void {
  const hash = detail ? `#/${page}/${encodeURIComponent(detail)}` : `#/${page}`
  if (window.location.hash !== hash) window.history.pushState(null, "", hash)
  follow({ page, detail })
}

/** Names the same place more exactly, without a step in the history. */
export function renamePlace(page: Page, detail: string): void {
  window.history.replaceState(null, "", `#/${page}/${encodeURIComponent(detail)}`)
  useFrame.setState({ page, detail })
}

export const openPanel = (panel: Panel): void => useFrame.setState({ panel })
export const closePanel = (): void => useFrame.setState({ panel: null })
export const announce = (announcement: string): void => useFrame.setState({ announcement })

let nextToast = 1
/** Tells something that passes by itself after `durationMs` (default 6 s; with an action 10 s). */
export function toast(
  text: string,
  options: { tone?: "danger"; action?: Toast["action"]; durationMs?: number } = {},
): number {
  const id = nextToast++
  const entry: Toast = { id, text, tone: options.tone ?? "plain", action: options.action ?? null }
  useFrame.setState((state) => ({ toasts: [...state.toasts.slice(-2), entry] }))
  setTimeout(() => dismissToast(id), options.durationMs ?? (entry.action ? 10_000 : 6000))
  return id
}
export const dismissToast = (id: number): void =>
  useFrame.setState((state) => ({ toasts: state.toasts.filter((entry) => entry.id !== id) }))

function readHash(): { page: Page; detail: string | null } {
  const [, name = "", detail = ""] = window.location.hash.replace(/^#/, "").split("/")
  const page = pages.find((candidate) => candidate === name) ?? "chat"
  try {
    return { page, detail: detail ? decodeURIComponent(detail) : null }
  } catch {
    return { page, detail: null }
  }
}

function follow(place: { page: Page; detail: string | null }): void {
  const hasMoved = place.page !== useFrame.getState().page
  useFrame.setState({ ...place, ...(hasMoved ? { panel: null } : {}) })
}

window.addEventListener("popstate", () => follow(readHash()))
window.addEventListener("hashchange", () => follow(readHash()))
