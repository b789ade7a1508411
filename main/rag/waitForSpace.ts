import { setTimeout as sleep } from "node:timers/promises"
import { AppError } from "#core/errors.ts"
import type { JobRunner } from "#core/jobs.ts"

/** The disk took no more: what the transaction had written is rolled back, the rest stays. */
export const isStoreFull = (error: unknown): boolean => error instanceof AppError && error.code === "store.full"

const pauseMs = 30_000

/**
 * A runner that waits out a full disk: it says so, tries again every half minute, and goes on where it stopped. Cancelling ends the wait.
 * @param wait For tests; default: the real time.
 */
export function waitForSpace(
  runner: JobRunner,
  wait: (ms: number, signal: AbortSignal) => Promise<void> = (ms, signal) => sleep(ms, undefined, { signal }),
): JobRunner {
  return {
    ...runner,
    async run(job, actor, report, signal) {
      for (;;) {
        try {
          return await runner.run(job, actor, report, signal)
        } catch (error) {
          if (!isStoreFull(error)) throw error
          report({ current: "The disk is full. Goes on by itself when there is space." })
          await wait(pauseMs, signal).catch((reason: unknown) => {
            throw signal.aborted ? signal.reason : reason
          })
        }
      }
    },
  }
}
