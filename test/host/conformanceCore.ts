import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { createOrphanList } from "#core/host/orphans.ts"
import { silentLogger } from "#core/logger.ts"
import type { ConformanceContract } from "./conformanceHandlers.ts"

/** Stands for a core that will be killed: runs one host, makes it spin, and says so to its own parent. */
const [port, orphanDir] = process.argv.slice(2)
const client = createHostClient<ConformanceContract>({
  name: "spin",
  adapter: createForkAdapter({
    entry: new URL("./conformanceEntry.ts", import.meta.url),
    orphans: createOrphanList(orphanDir!, silentLogger),
  }),
  log: silentLogger,
})
await client.request(
  "holdAndSpin",
  { port: Number(port) },
  { signal: new AbortController().signal, onEvent: (pid) => process.send?.(pid) },
)
