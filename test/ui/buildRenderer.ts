import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"

/** This process's own build: another build meanwhile must not pull the files from under a test. */
export const builtRenderer = join(tmpdir(), `zenglow-renderer-${process.pid}`)

let building: Promise<unknown> | null = null

/** Builds the renderer that the tests and screenshots look at, once per process. Removed when the process ends. */
export async function buildRenderer(): Promise<void> {
  building ??= build({
    configFile: fileURLToPath(new URL("../../renderer/vite.config.ts", import.meta.url)),
    build: { outDir: builtRenderer },
    logLevel: "error",
  })
  await building
  process.once("exit", () => rmSync(builtRenderer, { recursive: true, force: true }))
}
