import { fileURLToPath } from "node:url"

/**
 * Every program the product consists of, listed once: the bundler builds each into its own file, and the core finds its
 * children here. From source an entry is the TypeScript file itself, in a build it lies beside the caller.
 */
export const entries = {
  cli: "cli/index.ts",
  llama: "engines/llama/entry.ts",
  onnx: "engines/onnx/entry.ts",
  speech: "engines/speech/entry.ts",
  parser: "rag/parse/entry.ts",
  store: "store/sqlite/storeWorker.ts",
  codecs: "audio/codecWorker.ts",
  audio: "audio/devices/entry.ts",
  convert: "../models/export/worker.ts",
} as const

export type EntryName = keyof typeof entries

const isSource = import.meta.url.endsWith(".ts")

export function entryUrl(name: EntryName): URL {
  return isSource ? new URL(`../${entries[name]}`, import.meta.url) : new URL(`./${name}.mjs`, import.meta.url)
}

/** The built window, and the sample documents. */
export const rendererDir = isSource
  ? new URL("../../dist/renderer/", import.meta.url)
  : new URL("./renderer/", import.meta.url)
export const sampleDir = isSource ? new URL("../rag/sample/", import.meta.url) : new URL("./sample/", import.meta.url)
/** The wake phrases that come with the product. */
export const wakeDir = isSource ? new URL("../../models/wake/", import.meta.url) : new URL("./wake/", import.meta.url)

/** The product's own folder: its packages lie in `node_modules` of it, or further up. */
export const productDir = fileURLToPath(isSource ? new URL("../..", import.meta.url) : new URL("..", import.meta.url))
