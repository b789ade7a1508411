import { type AppConfig, environmentNames, type Origin } from "#core/config.ts"

export interface ConfigItem {
  name: string
  value: string | null
  origin: Origin
}

const secrets: ReadonlySet<string> = new Set(["apiKey"])

/** Every configuration value by the name of its environment variable, with where it came from. Secrets are masked. */
export function viewConfig(config: AppConfig): ConfigItem[] {
  return Object.entries(environmentNames).map(([name, [variable]]) => ({
    name: variable ?? name,
    value: shown(name, config[name as keyof typeof environmentNames]),
    origin: config.origins[name] ?? "default",
  }))
}

function shown(name: string, value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (secrets.has(name)) return "[hidden]"
  return maskCredentials(Array.isArray(value) ? value.join(",") : String(value))
}

/** User and password of addresses. */
export const maskCredentials = (text: string): string =>
  text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1[hidden]@")
