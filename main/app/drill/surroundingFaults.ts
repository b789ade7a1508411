import { systemClock } from "#core/clock.ts"
import { probeTcp } from "#ops/tcpProbe.ts"
import { listening } from "./placeFaults.ts"
import type { Fault } from "./types.ts"

/** Whether something answers at a port of this machine. */
const answers = async (port: number, signal: AbortSignal): Promise<boolean> =>
  (await probeTcp({ host: "127.0.0.1", port, timeoutMs: 2000 }, new Set(), signal)).ok

/** A port that was open and is not: what a firewall or a dead server looks like. */
async function deadPort(): Promise<number> {
  const { port, close } = await listening()
  await close()
  return port
}

/** The clock, sound, and the way out. */
export const surroundingFaults: readonly Fault[] = [
  {
    name: "the clock stands in the past",
    code: "clock.skew",
    expected: "error",
    async inject() {
      const newestRecordAt = async () => systemClock.now()
      return {
        deps: { newestRecordAt, clock: { ...systemClock, now: () => Date.UTC(2001, 0, 1) } },
        remedy: async () => ({ newestRecordAt }),
      }
    },
  },
  {
    name: "there is no microphone",
    code: "audio.devices",
    expected: "warning",
    inject: async () => ({
      deps: { audio: async () => ({ backend: "drill", inputs: 0, outputs: 1 }) },
      remedy: async () => ({ audio: async () => ({ backend: "drill", inputs: 1, outputs: 1 }) }),
    }),
  },
  {
    name: "the network is blocked",
    code: "network.reachable",
    expected: "warning",
    async inject() {
      const port = await deadPort()
      let server: Awaited<ReturnType<typeof listening>> | null = null
      return {
        deps: { network: async (signal) => [{ host: "the model hub", isReachable: await answers(port, signal) }] },
        async remedy() {
          server = await listening(port)
          return undefined
        },
        close: () => server?.close(),
      }
    },
  },
  {
    name: "the proxy does not answer",
    code: "network.proxy",
    expected: "warning",
    async inject() {
      const port = await deadPort()
      return {
        deps: {
          proxy: {
            variable: "HTTPS_PROXY",
            address: `127.0.0.1:${port}`,
            isReachable: (signal) => answers(port, signal),
          },
        },
        remedy: async () => ({ proxy: null }),
      }
    },
  },
]
