import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"

const schema = z.object({
  pid: z.number(),
  port: z.number(),
  baseUrl: z.string(),
  version: z.string(),
  startedAt: z.number(),
})

/** `<dataDir>/runtime.json`: how other processes find the running core. */
export type Runtime = z.infer<typeof schema>

const fileIn = (dataDir: string): string => join(dataDir, "runtime.json")

export function writeRuntime(dataDir: string, runtime: Runtime): void {
  writeFileSync(fileIn(dataDir), `${JSON.stringify(runtime, null, 2)}\n`)
}

export function removeRuntime(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true })
}

/** Null when no core ever wrote one, or when it is not readable. It may be stale: ask `/health` before trusting it. */
export function readRuntime(dataDir: string): Runtime | null {
  try {
    return schema.parse(JSON.parse(readFileSync(fileIn(dataDir), "utf8")))
  } catch {
    return null
  }
}
