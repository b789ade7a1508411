/** The built core as a program of its own, started as `npm start -- serve` starts it, for benches. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"

export const builtCli = fileURLToPath(new URL("../../../dist/cli.mjs", import.meta.url))
const launcher = fileURLToPath(new URL("../../../main/launch.mjs", import.meta.url))

export interface BenchCore {
  baseUrl: string
  headers: { authorization: string }
  /** From starting the process until it printed its address. */
  readyMs: number
  frame(): Promise<RouteOutput<Routes["GET /metrics/json"]>>
  /** Resolves when no job is left to do. */
  untilIdle(): Promise<void>
  /** Ends it. Its data directory goes too, unless the caller gave one. */
  stop(): Promise<void>
}

/** @param dataDir Default: a new, empty one. */
export async function startCore(dataDir?: string): Promise<BenchCore> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "zenglow-bench-"))
  const startedAt = performance.now()
  const child = spawn(process.execPath, [launcher, "serve", "--port", "0", "--json", "--data-dir", folder], {
    stdio: ["ignore", "pipe", "ignore"],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string]
  const readyMs = performance.now() - startedAt
  const { baseUrl } = JSON.parse(line) as { baseUrl: string }
  const headers = { authorization: `Bearer ${readFileSync(join(folder, "api-key"), "utf8").trim()}` }
  const get = async (path: string): Promise<unknown> => (await fetch(`${baseUrl}${path}`, { headers })).json()
  return {
    baseUrl,
    headers,
    readyMs,
    frame: async () => (await get("/metrics/json")) as RouteOutput<Routes["GET /metrics/json"]>,
    async untilIdle() {
      for (;;) {
        const { items } = (await get("/api/jobs")) as RouteOutput<Routes["GET /api/jobs"]>
        if (items.every(({ status }) => status !== "queued" && status !== "running")) return
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    },
    async stop() {
      child.kill("SIGTERM")
      await once(child, "exit")
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}
