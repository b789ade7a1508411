import { createServer, type Server } from "node:http"
import { join } from "node:path"
import { ownerActor } from "#core/actor.ts"
import { type Clock, systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createHubProbe } from "#models/hubProbe.ts"
import { createReachability } from "#models/reachability.ts"
import type { DoctorDeps } from "#ops/doctor/doctorDeps.ts"
import { probeTcp } from "#ops/tcpProbe.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { entryUrl } from "../entries.ts"
import { listening } from "./placeFaults.ts"
import type { Fault } from "./types.ts"

const dayMs = 86_400_000

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
    async inject(directory) {
      const ahead: Clock = { ...systemClock, now: () => systemClock.now() + 400 * dayMs }
      const store = await openSqliteStore({
        file: join(directory, "zenglow.db"),
        backupDir: join(directory, "backups"),
        log: silentLogger,
        workerUrl: entryUrl("store"),
        clock: ahead,
      })
      // Written while the clock was right: from there this machine's clock looks back more than a year.
      await store.audit.record(ownerActor, { action: "session.open", subject: "", outcome: "ok", requestId: null })
      const newestRecordAt = async () => (await store.timeline.list(ownerActor, { limit: 1 })).items[0]?.at ?? null
      return {
        deps: { newestRecordAt },
        remedy: async () => ({ newestRecordAt, clock: ahead }),
        close: () => store.close(),
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
      const address = `http://127.0.0.1:${port}/weights`
      let server: Server | null = null
      // The product's own question to the hub, asked of an address of this machine.
      const deps = (): Pick<DoctorDeps, "network"> => {
        const isReachable = createHubProbe({
          addresses: [address],
          install: {
            fetch,
            guard: async () => {},
            isOffline: () => false,
            reachability: createReachability(systemClock),
          },
        })
        return { network: async (signal) => [{ host: "the model hub", isReachable: await isReachable(signal) }] }
      }
      return {
        deps: deps(),
        async remedy() {
          server = createServer((_request, response) => response.end())
          await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve))
          return deps()
        },
        close: () => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())),
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
