import { cp, rm } from "node:fs/promises"
import { builtinModules } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { rolldown } from "rolldown"
import { build as buildRenderer } from "vite"
import manifest from "../../package.json" with { type: "json" }
import { entries } from "./entries.ts"

/** Builds everything that ships into dist/: core, children and CLI as modules, Electron's main and the preload as CommonJS, and the window. */
const root = fileURLToPath(new URL("../..", import.meta.url))
const dist = join(root, "dist")
const dependencies = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)]
const isExternal = (id: string): boolean =>
  id.startsWith("node:") ||
  builtinModules.includes(id) ||
  id === "electron" ||
  dependencies.some((name) => id === name || id.startsWith(`${name}/`))

await rm(dist, { recursive: true, force: true })

const modules = await rolldown({
  cwd: root,
  platform: "node",
  input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, "main", path)])),
  external: isExternal,
})
await modules.write({
  dir: dist,
  format: "esm",
  entryFileNames: "[name].mjs",
  chunkFileNames: "chunk-[hash].mjs",
  sourcemap: true,
})
await modules.close()

const shell = { main: "main/electron/index.ts", preload: "preload/index.ts" }
for (const [name, path] of Object.entries(shell)) {
  const bundle = await rolldown({
    cwd: root,
    platform: "node",
    input: join(root, path),
    external: (id) => id === "electron" || id.startsWith("node:"),
  })
  await bundle.write({ file: join(dist, "electron", `${name}.cjs`), format: "cjs" })
  await bundle.close()
}

await cp(join(root, "main", "rag", "sample"), join(dist, "sample"), { recursive: true })
await cp(join(root, "models", "wake"), join(dist, "wake"), { recursive: true })
await buildRenderer({
  root: join(root, "renderer"),
  configFile: join(root, "renderer", "vite.config.ts"),
  logLevel: "warn",
})
