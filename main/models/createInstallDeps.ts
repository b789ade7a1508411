import { lookup } from "node:dns/promises"
import { setTimeout as sleep } from "node:timers/promises"
import type { Clock } from "#core/clock.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import type { Logger } from "#core/logger.ts"
import { createConvert } from "./convert.ts"
import type { InstallDeps } from "./install.ts"
import { createReachability } from "./reachability.ts"
import { recordClients } from "./recordClients.ts"
import { createRegistryClients } from "./registryClients.ts"
import { createUrlGuard } from "./urlGuard.ts"

/** What installs need on a real machine: its network, its package clients, its disk. */
export function createInstallDeps(options: {
  modelsDir: string
  /** The way out; asked before every connection. */
  egress: Pick<Egress, "isOffline" | "open" | "fetch">
  clock: Clock
  log: Logger
  /** Program of the conversion thread. */
  convertEntry: URL
  platform: NodeJS.Platform
  /** Inherited by the package clients. */
  environment: Readonly<Record<string, string | undefined>>
}): InstallDeps {
  const { modelsDir, egress, clock, log, convertEntry, platform, environment } = options
  return {
    modelsDir,
    isOffline: egress.isOffline,
    clock,
    log,
    fetch: egress.fetch("model-download"),
    convert: createConvert(convertEntry),
    guard: createUrlGuard({ lookup: (host) => lookup(host, { all: true }) }),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    clients: recordClients(createRegistryClients({ log, platform, environment }), egress),
    reachability: createReachability(clock),
  }
}
