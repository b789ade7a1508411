import { type Setting, type SettingValues, settingValues } from "#contract/settings.ts"
import { type Actor, isOwnerPerson, ownerActor } from "#core/actor.ts"
import type { AppConfig } from "#core/config.ts"
import { AppError } from "#core/errors.ts"
import type { Personas } from "#ops/personas.ts"
import type { SettingsService } from "#server/deps.ts"
import type { SettingsRepository } from "#store/types.ts"
import { asChosen } from "./personaChoices.ts"

type Name = keyof SettingValues

export interface Settings {
  /** The values in force: what the configuration fixes, then what this person chose for themselves, then what the owner chose, then defaults. */
  values(actor?: Actor): SettingValues
  list(actor?: Actor): Setting[]
  /** Null resets a value. Whoever is not the owner changes how it looks and sounds to them: else `access.denied`. Throws `config.invalid` for unknown names, wrong values and values fixed by flag, environment or file. */
  change(actor: Actor, changes: Record<string, unknown>): Promise<void>
  /** Returns the end of the subscription. */
  onChange(listener: () => void): () => void
}

/** Settings that a flag, the environment or the file can fix. */
const configured = { chatModel: "chatModel", embedModel: "embedModel", offline: "offline" } as const satisfies Partial<
  Record<Name, keyof AppConfig>
>

/** What each person has for themselves. */
const personal: readonly Name[] = [
  "theme",
  "language",
  "voice",
  "speechRate",
  "sentencePauseMs",
  "quickAnswers",
  "personaQuickAnswers",
  "keepTurnSound",
  "volume",
  "isMuted",
  "speakAnswers",
  "personaId",
  "firstRunDone",
]

/** Of these, what nobody has because the owner chose it for themselves. */
const ownAlone: readonly Name[] = ["keepTurnSound"]

const names = Object.keys(settingValues.shape) as Name[]
const defaults = settingValues.parse({})

/** @param people Everybody besides the owner whose own choices are to be read. */
export async function openSettings(
  repository: SettingsRepository,
  config: AppConfig,
  people: readonly Actor[] = [],
): Promise<Settings> {
  let stored = readStored(await repository.all(ownerActor))
  const own = new Map<string, Partial<SettingValues>>()
  for (const person of people) own.set(person.personId, readStored(await repository.all(person)))
  const listeners = new Set<() => void>()
  const ownOf = (actor: Actor | undefined): Partial<SettingValues> =>
    actor === undefined || isOwnerPerson(actor) ? {} : (own.get(actor.personId) ?? {})

  const fixed = (name: Name): { value: unknown; origin: Setting["origin"] } | null => {
    const key = (configured as Partial<Record<Name, keyof AppConfig>>)[name]
    const origin = key ? config.origins[key] : undefined
    return key && origin && origin !== "default" ? { value: config[key], origin } : null
  }
  const inherited = (name: Name, actor: Actor | undefined): unknown =>
    actor !== undefined && !isOwnerPerson(actor) && ownAlone.includes(name) ? undefined : stored[name]
  const values = (actor?: Actor): SettingValues => {
    const theirs = ownOf(actor)
    return settingValues.parse(
      Object.fromEntries(
        names.map((name) => [name, fixed(name)?.value ?? theirs[name] ?? inherited(name, actor) ?? defaults[name]]),
      ),
    )
  }

  return {
    values,
    list(actor) {
      const current = values(actor)
      const theirs = ownOf(actor)
      return names.map((name) => ({
        name,
        value: current[name],
        defaultValue: defaults[name],
        origin:
          fixed(name)?.origin ??
          (theirs[name] === undefined && inherited(name, actor) === undefined ? "default" : "file"),
        isLocked: fixed(name) !== null || (actor !== undefined && !isOwnerPerson(actor) && !personal.includes(name)),
      }))
    },
    async change(actor, changes) {
      const isOwner = isOwnerPerson(actor)
      for (const name of Object.keys(changes)) {
        if (!isOwner && names.includes(name as Name) && !personal.includes(name as Name)) {
          throw new AppError("access.denied", `${name} is the owner's to choose.`, {
            remedy: "Ask the owner of this machine.",
          })
        }
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
      if (isOwner) stored = readStored(await repository.all(ownerActor))
      else own.set(actor.personId, readStored(await repository.all(actor)))
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
  const all = (actor: Actor) => ({ items: settings.list(actor), dataDir })
  return {
    all: async (actor) => all(actor),
    async change(actor, values) {
      await settings.change(actor, values)
      return all(actor)
    },
    personas: async (actor) => {
      const values = settings.values(actor)
      return (await personas.list()).map((persona) => asChosen(persona, values))
    },
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
