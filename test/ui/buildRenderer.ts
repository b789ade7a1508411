import { fileURLToPath } from "node:url"
import { build } from "vite"

/** Where the tests' own build lies: a build of the product meanwhile must not pull the files from under them. */
export const builtRenderer = fileURLToPath(new URL("../../test-results/renderer", import.meta.url))

/** Builds the renderer that the tests and screenshots look at. */
export async function buildRenderer(): Promise<void> {
  await build({
    configFile: fileURLToPath(new URL("../../renderer/vite.config.ts", import.meta.url)),
    build: { outDir: builtRenderer },
    logLevel: "error",
  })
}
