/** The store's worker, which ends without a word when it is asked for a collection called "crash". */
import { parentPort } from "node:worker_threads"

parentPort?.on("message", (call: { path: string; args: unknown[] }) => {
  if (call.path === "collections.findByName" && call.args[1] === "crash") process.exit(1)
})
await import("#store/sqlite/storeWorker.ts")
