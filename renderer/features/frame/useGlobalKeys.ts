import { useEffect } from "react"
import { goTo, type Page, useFrame } from "./frameStore.ts"

const numbered: readonly Page[] = ["chat", "documents", "models", "memory", "metrics", "settings"]

/** True where keys belong to a text field. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=range], [type=checkbox]), textarea, select"))
  )
}

/** Keys that work on every page. */
export function useGlobalKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isMod = event.ctrlKey || event.metaKey
      if (isMod && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault()
        useFrame.setState((state) => ({ isPaletteOpen: !state.isPaletteOpen, isShortcutSheetOpen: false }))
      } else if (isMod && /^[1-6]$/.test(event.key)) {
        const page = numbered[Number(event.key) - 1]
        if (!page) return
        event.preventDefault()
        goTo(page)
      } else if (isMod && event.key === ",") {
        event.preventDefault()
        goTo("settings")
      } else if (event.key === "?" && !isMod && !isTyping(event.target)) {
        event.preventDefault()
        useFrame.setState({ isShortcutSheetOpen: true })
      }
    }
    window.addEventListener("keydown", onKey)
    return () => window.removeEventListener("keydown", onKey)
  }, [])
}
