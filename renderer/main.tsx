import { createRoot } from "react-dom/client"
import "./ui/tokens.css"
import "./ui/base.css"
import "./ui/ui.css"
import { startSession } from "./api/session.ts"
import { App } from "./features/frame/App.tsx"
import { applyTheme, keptTheme } from "./features/frame/theme.ts"

// The core was updated while this window was open: its old parts are gone, the new ones are one reload away.
window.addEventListener("vite:preloadError", () => {
  const reloadedAt = Number(window.sessionStorage.getItem("zenglow.reloadedAt") ?? 0)
  if (Date.now() - reloadedAt < 10_000) return
  window.sessionStorage.setItem("zenglow.reloadedAt", String(Date.now()))
  window.location.reload()
})
applyTheme(keptTheme())
void startSession()
const root = document.getElementById("root")
if (root) createRoot(root).render(<App />)
