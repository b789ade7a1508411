import { createRoot } from "react-dom/client"
import "./ui/tokens.css"
import "./ui/base.css"
import "./ui/ui.css"
import { startSession } from "./api/session.ts"
import { App } from "./features/frame/App.tsx"
import { applyTheme, keptTheme } from "./features/frame/theme.ts"

applyTheme(keptTheme())
void startSession()
const root = document.getElementById("root")
if (root) createRoot(root).render(<App />)
