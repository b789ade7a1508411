import { createHash } from "node:crypto"
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { zipSync } from "fflate"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import type { CatalogModel, CatalogSource } from "#models/catalog.ts"
import type { InstallDeps } from "#models/install.ts"
import { createReachability } from "#models/reachability.ts"
import type { RegistryClient } from "#models/registryClients.ts"
import { createUrlGuard } from "#models/urlGuard.ts"

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** The same bytes for the same seed on every machine. */
export function makeBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** A catalogue entry with these files and sources. */
export function makeModel(files: Record<string, Buffer>, sources: CatalogSource[], id = "test-model"): CatalogModel {
  const list = Object.entries(files).map(([name, bytes]) => ({
    name,
    sizeBytes: bytes.length,
    sha256: sha256(bytes),
  }))
  return {
    id,
    name: "Test model",
    role: "llm",
    summary: "For tests.",
    licence: "Apache-2.0",
    licenceUrl: null,
    sizeBytes: list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    memoryBytes: 1000,
    contextTokens: 1024,
    dimensions: null,
    languages: ["en"],
    quality: 2,
    minimumCores: 1,
    options: {},
    files: list,
    sources,
  }
}

export const urlSource = (files: Record<string, string>): CatalogSource => ({
  kind: "url",
  family: "huggingface",
  files: Object.entries(files).map(([file, url]) => ({ file, url })),
})

export const wheel = (members: Record<string, Buffer>): Buffer => Buffer.from(zipSync(members))

export function packageTgz(members: Record<string, Buffer>): Buffer {
  const blocks: Buffer[] = []
  for (const [name, content] of Object.entries(members)) {
    const header = Buffer.alloc(512)
    header.write(name, 0)
    header.write("0000644\0", 100)
    header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124)
    header.write("0", 156)
    header.write("ustar\0", 257)
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512))
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

/** A package client that hands out archives from memory and remembers what was asked of it. */
export function createFakeClient(
  format: "zip" | "tgz",
  archives: Record<string, Buffer | Error>,
): RegistryClient & { asked: string[] } {
  const asked: string[] = []
  return {
    format,
    asked,
    isAvailable: async () => true,
    async fetch(archive, directory, onBytes, signal) {
      signal.throwIfAborted()
      const name = "artifact" in archive ? archive.artifact : archive.package
      asked.push(name)
      const content = archives[name]
      if (content === undefined) throw new AppError("download.failed", "No such package.")
      if (content instanceof Error) throw content
      const path = join(directory, "download.tmp")
      await writeFile(`${path}.0`, content)
      await copyFile(`${path}.0`, path)
      onBytes(content.length)
      return path
    },
  }
}

export const absentClient = (): RegistryClient => ({
  format: "zip",
  isAvailable: async () => false,
  fetch: async () => {
    throw new AppError("download.failed", "Not installed.", { details: { unreachable: true } })
  },
})

/** Everything an install needs, in a fresh directory; waits between attempts are skipped. */
export async function makeInstallDeps(
  changes: Partial<InstallDeps> & { trustedOrigins?: string[] } = {},
): Promise<InstallDeps & { remove: () => Promise<void>; waits: number[] }> {
  const modelsDir = changes.modelsDir ?? (await mkdtemp(join(tmpdir(), "zenglow-models-")))
  const clock = { now: () => Date.now(), monotonic: () => performance.now() }
  const waits: number[] = []
  return {
    modelsDir,
    fetch,
    guard: createUrlGuard({
      lookup: async () => [{ address: "93.184.216.34", family: 4 }],
      trustedOrigins: changes.trustedOrigins ?? [],
    }),
    clock,
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      waits.push(ms)
    },
    clients: { pypi: absentClient(), npm: absentClient(), maven: absentClient() },
    reachability: createReachability(clock),
    isOffline: () => false,
    log: silentLogger,
    convert: async () => {
      throw new Error("Nothing here is converted.")
    },
    ...changes,
    waits,
    remove: () => rm(modelsDir, { recursive: true, force: true }),
  }
}
