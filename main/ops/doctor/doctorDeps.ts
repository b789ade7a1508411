import type { Clock } from "#core/clock.ts"
import type { HostStatus } from "#core/host/types.ts"
import type { Store } from "#store/types.ts"

/** What the checks look at. */
export interface DoctorDeps {
  clock: Clock
  dataDir: string
  /** Where the API should listen, and whether this very process already does. */
  port: { host: string; port: number; isServing: boolean }
  /** True when this process holds the data directory's lock. */
  holdsLock(): boolean
  disk(): Promise<{ freeBytes: number }>
  store: Pick<Store, "check">
  /** What is wrong with the search index, in words; empty: nothing. */
  indexProblems(): Promise<string[]>
  /** Models that should be here or are. */
  models(): Promise<{ id: string; name: string; isInstalled: boolean }[]>
  /** Hashes a model's files again. */
  verifyModel(
    id: string,
    signal: AbortSignal,
  ): Promise<{ ok: boolean; files: { name: string; ok: boolean; reason: string | null }[] }>
  /** Engines whose model is installed: `load` really loads it. */
  engines: { name: string; isInstalled(): Promise<boolean>; load(signal: AbortSignal): Promise<void> }[]
  /** Devices the core can use by itself. Null: sound goes through the window only. */
  audio(signal: AbortSignal): Promise<{ backend: string; inputs: number; outputs: number } | null>
  /** Opens the chosen microphone or loudspeaker of the machine for a moment. Null: it works. */
  opensSound(direction: "input" | "output", signal: AbortSignal): Promise<{ message: string; remedy: string } | null>
  /** Hosts that models come from, and whether each answers. Null: offline was asked for. */
  network: ((signal: AbortSignal) => Promise<{ host: string; isReachable: boolean }[]>) | null
  hosts(): readonly HostStatus[]
  nativeModules(): Promise<{ name: string; isLoadable: boolean; error: string | null }[]>
  auditChain(): Promise<{ isIntact: boolean; entries: number; brokenAt: number | null; problem: string | null }>
  /** Epoch milliseconds of the newest thing that was written. Null: nothing was. */
  newestRecordAt(): Promise<number | null>
  /** Why the log on disk takes no lines. Null: it does, or none is wanted. */
  logProblem(): string | null
  /** Why secrets cannot be read. Null: they can. */
  secretsProblem(): Promise<{ message: string; remedy: string } | null>
  /** The proxy that the environment names. Null: none. */
  proxy: { variable: string; address: string; isReachable(signal: AbortSignal): Promise<boolean> } | null
}
