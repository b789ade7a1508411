import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { AppError } from "#core/errors.ts"

/** Runs a conversion of the catalogue in a thread of its own: it reads and writes whole models. */
export type Convert = (by: string, from: string, to: string, signal: AbortSignal) => Promise<void>

export const createConvert =
  (entry: URL): Convert =>
  async (by, from, to, signal) => {
    signal.throwIfAborted()
    const worker = new Worker(entry, { name: "convert", execArgv: [], workerData: { by, from, to } })
    try {
      await once(worker, "message", { signal })
    } catch (cause) {
      signal.throwIfAborted()
      throw new AppError("download.failed", "The downloaded checkpoint could not be converted.", {
        remedy: "Pull the model again; another source is tried.",
        cause,
      })
    } finally {
      await worker.terminate()
    }
  }
