export type Theme = "system" | "light" | "dark"

const storageKey = "zenglow.theme"
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)")
let current: Theme = "system"

/** The theme of the last run: known before the core answers, so that nothing flashes. */
export function keptTheme(): Theme {
  const kept = window.localStorage.getItem(storageKey)
  return kept === "light" || kept === "dark" ? kept : "system"
}

export function applyTheme(theme: Theme): void {
  current = theme
  window.localStorage.setItem(storageKey, theme)
  document.documentElement.dataset.theme = isDark() ? "dark" : "light"
}

const isDark = (): boolean => (current === "system" ? systemIsDark.matches : current === "dark")

systemIsDark.addEventListener("change", () => applyTheme(current))
