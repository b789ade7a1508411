import type { Actor } from "#core/actor.ts"
import type { AppConfig } from "#core/config.ts"
import type { RootLogger } from "#core/logger.ts"
import { type ConfigChange, configChanges } from "#ops/configView.ts"

/** The configuration in force, and how it is read again. */
export interface LiveConfig {
  /** What changes while running is changed in it; everything else is as it was at the start. */
  readonly current: AppConfig
  /** Reads config.json again. Throws `config.invalid`: then everything stays as it is. */
  reload(actor: Actor): Promise<{ changed: (ConfigChange & { isApplied: boolean })[] }>
}

/** What takes effect at once. The rest is built into what was opened at the start: ports, folders, the door, threads. */
const safe: ReadonlySet<string> = new Set(["logLevel", "chatModel", "embedModel", "offline"])

export function createLiveConfig(
  started: AppConfig,
  log: Pick<RootLogger, "setLevel">,
  /** Tells those who look at settings that some may be others now. */
  onChange: (actor: Actor) => Promise<void>,
): LiveConfig {
  const current: { -readonly [N in keyof AppConfig]: AppConfig[N] } = { ...started }
  return {
    current,
    async reload(actor) {
      const next = started.reread()
      const changed = configChanges(current, next).map((change) => ({ ...change, isApplied: safe.has(change.name) }))
      const { logLevel, chatModel, embedModel, offline } = next
      Object.assign(current, {
        logLevel,
        chatModel,
        embedModel,
        offline,
        origins: withSafe(current.origins, next.origins),
        variables: withSafe(current.variables, next.variables),
      })
      log.setLevel(logLevel)
      if (changed.some(({ isApplied }) => isApplied)) await onChange(actor)
      return { changed }
    },
  }
}

/** What is said of the safe values is taken from `next`, the rest stays. */
const withSafe = <V>(before: Readonly<Record<string, V>>, next: Readonly<Record<string, V>>): Record<string, V> => ({
  ...Object.fromEntries(Object.entries(before).filter(([name]) => !safe.has(name))),
  ...Object.fromEntries(Object.entries(next).filter(([name]) => safe.has(name))),
})
