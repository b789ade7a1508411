import { type Setting, type SettingValues, settingValues } from "#contract/settings.ts"
import { type Actor, ownerActor } from "#core/actor.ts"
import type { AppConfig } from "#core/config.ts"
import { AppError } from "#core/errors.ts"
import type { Personas } from "#ops/personas.ts"
import type { SettingsService } from "#server/deps.ts"
import type { SettingsRepository } from "#store/types.ts"

type Name = keyof SettingValues

export interface Settings {
  /** The values in force: what the configuration fixes, then what the person chose, then defaults. */
  values(): SettingValues
  list(): Setting[]
  /** Null resets a value. Throws `config.invalid` for unknown names, wrong values and values fixed by flag, environment or file. */
  change(actor: Actor, changes: Record<string, unknown>): Promise<void>
  /** Returns the end of the subscription. */
  onChange(listener: () => void): () => void
}

/** Settings that a flag, the environment or the file can fix. */
const configured = { chatModel: "chatModel", embedModel: "embedModel", offline: "offline" } as const satisfies Partial<
  Record<Name, keyof AppConfig>
>

const names = Object.keys(settingValues.shape) as Name[]
const defaults = settingValues.parse({})

export async function openSettings(repository: SettingsRepository, config: AppConfig): Promise<Settings> {
  let stored = readStored(await repository.all(ownerActor))
  const listeners = new Set<() => void>()

  const fixed = (name: Name): { value: unknown; origin: Setting["origin"] } | null => {
    const key = (configured as Partial<Record<Name, keyof AppConfig>>)[name]
    const origin = key ? config.origins[key] : undefined
    return key && origin && origin !== "default" ? { value: config[key], origin } : null
  }
  const values = (): SettingValues =>
    settingValues.parse(
      Object.fromEntries(names.map((name) => [name, fixed(name)?.value ?? stored[name] ?? defaults[name]])),
    )

  return {
    values,
    list() {
      const current = values()
      return names.map((name) => ({
        name,
        value: current[name],
        defaultValue: defaults[name],
        origin: fixed(name)?.origin ?? (stored[name] === undefined ? "default" : "file"),
        isLocked: fixed(name) !== null,
      }))
    },
    async change(actor, changes) {
      for (const name of Object.keys(changes)) {
        if (!names.includes(name as Name)) {
          throw new AppError("config.invalid", `There is no setting named ${name}.`, {
            remedy: `Settings: ${names.join(", ")}.`,
          })
        }
        const origin = fixed(name as Name)?.origin
        if (origin) {
          throw new AppError(
            "config.invalid",
            `${name} is fixed by ${origin === "env" ? "the environment" : `a ${origin}`}.`,
            {
              remedy: "Change it there, or remove it there to choose it here.",
            },
          )
        }
      }
      const parsed = settingValues
        .partial()
        .safeParse(Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null)))
      if (!parsed.success) {
        const issue = parsed.error.issues[0]
        throw new AppError(
          "config.invalid",
          `The value of ${String(issue?.path[0])} is not valid: ${issue?.message ?? ""}`,
          { details: parsed.error.issues },
        )
      }
      // Null is a value of its own for nullable settings, and their default: resetting and choosing it are the same.
      const written = Object.fromEntries(
        Object.keys(changes).map((name) => [name, changes[name] === null ? undefined : changes[name]]),
      )
      await repository.set(actor, written)
      stored = readStored(await repository.all(ownerActor))
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What the settings routes call. */
export function createSettingsService(
  settings: Settings,
  personas: Pick<Personas, "list">,
  dataDir: string,
): SettingsService {
  const all = () => ({ items: settings.list(), dataDir })
  return {
    all: async () => all(),
    async change(actor, values) {
      await settings.change(actor, values)
      return all()
    },
    personas: () => personas.list(),
  }
}

/** Stored values that are still valid; a setting that an older version wrote differently falls back to its default. */
function readStored(raw: Record<string, unknown>): Partial<SettingValues> {
  const valid: Partial<Record<Name, unknown>> = {}
  for (const name of names) {
    if (!(name in raw)) continue
    const parsed = settingValues.shape[name].safeParse(raw[name])
    if (parsed.success) valid[name] = parsed.data
  }
  return valid as Partial<SettingValues>
}
