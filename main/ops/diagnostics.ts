import { arch, cpus, freemem, platform, release, totalmem } from "node:os"
import type { MetricFrame } from "#contract/ops.ts"
import type { Clock } from "#core/clock.ts"
import type { HostStatus } from "#core/host/types.ts"
import { redact } from "#core/redact.ts"
import type { Store } from "#store/types.ts"
import type { ConfigItem } from "./configView.ts"
import type { NativeModule } from "./nativeModules.ts"

export interface DiagnosticsDeps {
  clock: Clock
  version: string
  configuration(): ConfigItem[]
  hosts(): readonly HostStatus[]
  models(): Promise<MetricFrame["models"]>
  store: Pick<Store, "check">
  /** Loads each library with compiled parts elsewhere and says how it went; asked once, then remembered. */
  nativeModules(): Promise<NativeModule[]>
}

/** Everything a person pastes into a report: nothing in it is secret, no path leads outside the product. */
export function createDiagnostics(deps: DiagnosticsDeps) {
  let modules: Promise<NativeModule[]> | undefined
  return async () => {
    modules ??= deps.nativeModules()
    modules.catch(() => {
      modules = undefined
    })
    const [nativeModules, models, store] = await Promise.all([modules, deps.models(), deps.store.check("quick")])
    const { node, v8, modules: abi, napi } = process.versions
    return {
      timestamp: deps.clock.now(),
      product: { version: deps.version, uptimeSeconds: Math.round(process.uptime()) },
      machine: {
        platform: platform(),
        release: release(),
        arch: arch(),
        cpu: cpus()[0]?.model.trim() ?? arch(),
        cores: cpus().length,
        memoryBytes: totalmem(),
        freeMemoryBytes: freemem(),
      },
      versions: { node, v8, abi, napi },
      nativeModules,
      engines: deps.hosts().map(({ name, state, crashes, queued, lastFailure }) => ({
        name,
        state,
        crashes,
        queued,
        lastFailure: lastFailure === null ? null : redact(lastFailure),
      })),
      models,
      store,
      configuration: deps.configuration().map((item) => ({
        ...item,
        value: item.value === null ? null : redact(item.value),
      })),
    }
  }
}
