import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

export interface WindowState {
  width: number
  height: number
  x?: number
  y?: number
  isMaximized: boolean
}

const initial: WindowState = { width: 1280, height: 800, isMaximized: false }

interface Area {
  x: number
  y: number
  width: number
  height: number
}

/** The window as it was left, when it would still be visible on one of these screens. */
export function readWindowState(file: string, screens: readonly Area[]): WindowState {
  let state: Partial<WindowState> | null
  try {
    state = JSON.parse(readFileSync(file, "utf8")) as Partial<WindowState> | null
  } catch {
    return initial
  }
  const { width, height, x, y } = state ?? {}
  if (typeof width !== "number" || typeof height !== "number" || width < 360 || height < 480) return initial
  const size = { width, height, isMaximized: state?.isMaximized === true }
  if (typeof x !== "number" || typeof y !== "number") return size
  const isVisible = screens.some(
    (area) => x + 100 > area.x && y >= area.y && x + 100 < area.x + area.width && y + 50 < area.y + area.height,
  )
  return isVisible ? { ...size, x, y } : size
}

/** A full or read-only disk costs the window its place, never its closing. */
export function writeWindowState(file: string, state: WindowState): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(state))
  } catch {
    // The next start opens at the usual place.
  }
}
