import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import envPaths from "env-paths"
import { z } from "zod"
import { closestName } from "./closestName.ts"
import { AppError } from "./errors.ts"

/** Where each value came from, strongest first. */
export type Origin = "flag" | "env" | "file" | "default"

/** Everything read from flags, environment and file, made once; nobody else reads `process.env` or asks Electron for a path. */
export interface AppConfig {
  readonly dataDir: string
  readonly modelsDir: string
  readonly host: string
  readonly port: number
  /** An explicit port that is busy is an error; the default moves on to the next free one. */
  readonly isPortExplicit: boolean
  /** Use this key instead of making one. */
  readonly apiKey: string | null
  /** No outbound connection at all. */
  readonly offline: boolean
  readonly logLevel: "debug" | "info" | "warn" | "error"
  readonly logJson: boolean
  /** Whether the log is also kept in `<dataDir>/logs`, as JSON lines. */
  readonly logFile: boolean
  /** Megabytes after which a new file is begun, and how many older ones are kept. */
  readonly logFileMegabytes: number
  readonly logFilesKept: number
  readonly chatModel: string | null
  readonly embedModel: string | null
  /** Host names besides loopback ones that requests may name. */
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Origins whose web pages may be added although their address is private: `http://wiki.home:8080`. */
  readonly pageOrigins: readonly string[]
  /** Threads for inference. Default: as many as this process may run at once. */
  readonly threads: number | null
  /** GPU back end for llama.cpp: off by default. */
  readonly gpu: "off" | "auto"
  /** The proxy that programs of this system are told to use, credentials left out. Null: none. */
  readonly proxy: { readonly variable: string; readonly address: string } | null
  readonly origins: Readonly<Record<string, Origin>>
  /** The variable that each value from the environment was read from: ours, or an alias. */
  readonly variables: Readonly<Record<string, string>>
  /** What is set and means nothing, in words. */
  readonly warnings: readonly string[]
  /** The same flags and environment with the file as it is now. Throws `config.invalid`. */
  readonly reread: () => AppConfig
}

const schema = z.strictObject({
  dataDir: z.string().min(1),
  modelsDir: z.string().min(1),
  host: z.string().min(1).default("127.0.0.1"),
  port: z.coerce.number().int().min(0).max(65535).default(9071),
  apiKey: z.string().min(16, "must have at least 16 characters").nullable().default(null),
  offline: z.stringbool().or(z.boolean()).default(false),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  logJson: z.stringbool().or(z.boolean()).default(false),
  logFile: z.stringbool().or(z.boolean()).default(true),
  logFileMegabytes: z.coerce.number().min(0.01).max(1000).default(5),
  logFilesKept: z.coerce.number().int().min(0).max(100).default(4),
  chatModel: z.string().nullable().default(null),
  embedModel: z.string().nullable().default(null),
  allowedHosts: list(),
  allowedOrigins: list(),
  pageOrigins: list(),
  threads: z.coerce.number().int().min(1).max(256).nullable().default(null),
  gpu: z.enum(["off", "auto"]).default("off"),
})
type Name = keyof typeof schema.shape

/** Environment names: ours first, then aliases that are accepted too. */
export const environmentNames: Record<Name, readonly string[]> = {
  dataDir: ["ZENGLOW_DATA_DIR"],
  modelsDir: ["ZENGLOW_MODELS_DIR"],
  host: ["ZENGLOW_HOST"],
  port: ["ZENGLOW_PORT"],
  apiKey: ["ZENGLOW_API_KEY", "API_GATEWAY_KEY"],
  offline: ["ZENGLOW_OFFLINE"],
  logLevel: ["ZENGLOW_LOG_LEVEL", "LOG_LEVEL"],
  logJson: ["ZENGLOW_LOG_JSON", "LOG_JSON"],
  logFile: ["ZENGLOW_LOG_FILE"],
  logFileMegabytes: ["ZENGLOW_LOG_FILE_MEGABYTES"],
  logFilesKept: ["ZENGLOW_LOG_FILES_KEPT"],
  chatModel: ["ZENGLOW_CHAT_MODEL"],
  embedModel: ["ZENGLOW_EMBED_MODEL", "EMBED_MODEL"],
  allowedHosts: ["ZENGLOW_ALLOWED_HOSTS"],
  allowedOrigins: ["ZENGLOW_ALLOWED_ORIGINS"],
  pageOrigins: ["ZENGLOW_PAGE_ORIGINS"],
  threads: ["ZENGLOW_THREADS"],
  gpu: ["ZENGLOW_GPU"],
}

/** Flag > environment > file (`<dataDir>/config.json`) > default. Throws `config.invalid` naming the value and where it came from. */
export function loadConfig(
  flags: Partial<Record<Name, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): AppConfig {
  const origins: Record<string, Origin> = {}
  const variableOf = (name: Name): string | undefined => environmentNames[name].find((key) => env[key])
  const fromEnv = (name: Name): string | undefined => env[variableOf(name) ?? ""]
  const dataDir = resolve(
    expandHome(String(flags.dataDir ?? fromEnv("dataDir") ?? envPaths("zenglow", { suffix: "" }).data)),
  )
  origins.dataDir = flags.dataDir !== undefined ? "flag" : fromEnv("dataDir") ? "env" : "default"
  const file = readConfigFile(join(dataDir, "config.json"))

  const values: Record<string, unknown> = { dataDir }
  for (const name of Object.keys(schema.shape) as Name[]) {
    if (name === "dataDir") continue
    const found = pick(name, flags, fromEnv(name), file)
    origins[name] = found?.origin ?? "default"
    if (found) values[name] = found.value
  }
  values.modelsDir = resolve(expandHome(String(values.modelsDir ?? join(dataDir, "models"))))
  const unknown = Object.keys(file).find((key) => !(key in schema.shape))
  if (unknown !== undefined) throw unknownName("config.json", unknown, Object.keys(schema.shape))
  const parsed = schema.safeParse(values)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const name = String(issue?.path[0] ?? "")
    throw new AppError(
      "config.invalid",
      `The value of ${name} (from ${origins[name] ?? "default"}) is not valid: ${issue?.message ?? ""}`,
      {
        remedy: `Correct ${environmentNames[name as Name]?.[0] ?? name}, the flag, or config.json.`,
      },
    )
  }
  const variables = Object.fromEntries(
    (Object.keys(environmentNames) as Name[]).flatMap((name) => {
      const variable = origins[name] === "env" ? variableOf(name) : undefined
      return variable === undefined ? [] : [[name, variable]]
    }),
  )
  return Object.freeze({
    ...parsed.data,
    variables,
    warnings: strayVariables(env),
    reread: () => loadConfig(flags, env),
    isPortExplicit: origins.port !== "default",
    proxy: proxyOf(env),
    origins: Object.freeze(origins),
  })
}

/** Names that package clients and other programs read a proxy from. */
const proxyNames = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]

function proxyOf(env: Readonly<Record<string, string | undefined>>): AppConfig["proxy"] {
  for (const variable of proxyNames) {
    const value = env[variable]
    if (!value) continue
    const url = URL.parse(value.includes("://") ? value : `http://${value}`)
    if (url) return { variable, address: `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}` }
  }
  return null
}

const isOurs = (variable: string): boolean => /^ZENGLOW_(?!SECRET_|TEST)/.test(variable)

/** Ours that are read elsewhere: before there is a configuration, or because no configuration may hold them. */
const otherVariables = ["ZENGLOW_VAULT_PASSPHRASE"]
const knownVariables: ReadonlySet<string> = new Set([...Object.values(environmentNames).flat(), ...otherVariables])

/** Variables that look like ours and mean nothing, with what was probably meant: told, but no reason not to start. */
function strayVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env)
    .filter((name) => isOurs(name) && !knownVariables.has(name))
    .map((name) => {
      const closest = closestName(name, [...knownVariables].filter(isOurs))
      return `${name} is no setting of ZenGlow.${closest === null ? "" : ` Did you mean ${closest}?`}`
    })
}

function unknownName(place: string, name: string, known: readonly string[]): AppError {
  const closest = closestName(name, known)
  return new AppError("config.invalid", `${place} has an unknown name: ${name}.`, {
    remedy: `${closest === null ? "Remove it." : `Did you mean ${closest}?`} Known names: ${known.join(", ")}.`,
  })
}

function pick(
  name: Name,
  flags: Partial<Record<Name, unknown>>,
  env: string | undefined,
  file: Record<string, unknown>,
): { value: unknown; origin: Origin } | undefined {
  if (flags[name] !== undefined) return { value: flags[name], origin: "flag" }
  if (env !== undefined) return { value: env, origin: "env" }
  if (file[name] !== undefined) return { value: file[name], origin: "file" }
  return undefined
}

function readConfigFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {}
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, "utf8")))
  } catch (cause) {
    throw new AppError("config.invalid", "config.json in the data directory is not a JSON object.", {
      remedy: "Correct or remove the file.",
      cause,
    })
  }
}

function list() {
  return z
    .union([
      z.array(z.string()),
      z.string().transform((text) =>
        text
          .split(",")
          .map((item) => item.trim())
          .filter(Boolean),
      ),
    ])
    .default([])
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path
}
