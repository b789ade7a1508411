import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

/** The core that `vite dev` talks to. */
const core = "http://127.0.0.1:9071"
const proxied = ["/api", "/audio", "/health", "/ready", "/metrics", "/logs", "/diagnostics", "/config", "/rag", "/v1"]

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: fileURLToPath(new URL("../dist/renderer", import.meta.url)),
    emptyOutDir: true,
    target: "chrome108",
    // Worklets and fonts are files: the content security policy allows no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      ...Object.fromEntries(proxied.map((path) => [path, { target: core }])),
      "/ws": { target: core.replace("http", "ws"), ws: true },
    },
  },
})
