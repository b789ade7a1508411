/** What the core costs while nobody uses it: time until ready on a directory that was used before, and resident memory. */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { median } from "./shared/chatTurns.ts"
import { builtCli, startCore } from "./shared/core.ts"

const rounds = 3
const settleMs = 10_000

if (!existsSync(builtCli)) {
  console.log("idle: not run (there is no build)")
  process.exit(0)
}
const dataDir = mkdtempSync(join(tmpdir(), "zenglow-bench-"))
const first = await startCore(dataDir)
// The first start reads the sample documents.
await first.untilIdle()
await first.stop()
const ready: number[] = []
const memory: number[] = []
for (let round = 0; round < rounds; round++) {
  const core = await startCore(dataDir)
  ready.push(core.readyMs)
  await core.untilIdle()
  await delay(settleMs)
  const { processes } = await core.frame()
  memory.push((processes.find(({ name }) => name === "core")?.rssBytes ?? 0) / 1e6)
  if (round === rounds - 1)
    console.log(
      `idle: processes besides the core: ${
        processes
          .filter(({ name }) => name !== "core")
          .map(({ name, rssBytes }) => `${name} ${(rssBytes / 1e6).toFixed(0)} MB`)
          .join(", ") || "none"
      }`,
    )
  await core.stop()
}
rmSync(dataDir, { recursive: true, force: true })
const worst = (values: number[]): number => Math.max(...values)
console.log(
  `idle: ready in ${median(ready).toFixed(0)} ms (worst ${worst(ready).toFixed(0)}), core ${median(memory).toFixed(0)} MB (worst ${worst(memory).toFixed(0)}), ${rounds} warm starts, ${settleMs / 1000} s after each`,
)
