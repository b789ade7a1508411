import { type AppConfig, environmentNames, type Origin } from "#core/config.ts"

export interface ConfigItem {
  name: string
  value: string | null
  origin: Origin
  /** The variable it was read from, where it came from the environment: an alias, for one. */
  variable: string | null
}

const secrets: ReadonlySet<string> = new Set(["apiKey"])

/** Every configuration value by the name of its environment variable, with where it came from. Secrets are masked. */
export function viewConfig(config: AppConfig): ConfigItem[] {
  return Object.entries(environmentNames).map(([name, [variable]]) => ({
    name: variable ?? name,
    value: shown(name, config[name as keyof typeof environmentNames]),
    origin: config.origins[name] ?? "default",
    variable: config.variables[name] ?? null,
  }))
}

export interface ConfigChange {
  name: string
  from: string | null
  to: string | null
}

/** How a configuration differs from the one before; secrets are masked. */
export function configChanges(before: AppConfig, after: AppConfig): ConfigChange[] {
  return (Object.keys(environmentNames) as (keyof typeof environmentNames)[])
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => ({ name, from: shown(name, before[name]), to: shown(name, after[name]) }))
}

function shown(name: string, value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (secrets.has(name)) return "[hidden]"
  return maskCredentials(Array.isArray(value) ? value.join(",") : String(value))
}

/** User and password of addresses. */
export const maskCredentials = (text: string): string =>
  text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1[hidden]@")
