import { readFile, stat } from "node:fs/promises"
import { z } from "zod"
import { type Persona, persona } from "#contract/settings.ts"
import type { Logger } from "#core/logger.ts"

export interface Personas {
  /** From the file as it is now; the built-in ones where there is none. A file that cannot be used leaves the last good list. */
  list(): Promise<Persona[]>
  /** The persona of this id; the first one for null and for ids that are gone. */
  get(id: string | null): Promise<Persona>
  /** Why the file is not used, in words. Null when it is, or when there is none. */
  problem(): string | null
}

/** A person's file may leave out what has a sensible default. */
const fileSchema = z
  .array(
    z.strictObject({
      id: persona.shape.id.regex(/^[a-z0-9-]+$/i, "must be letters, digits and hyphens"),
      name: z.string().trim().min(1).max(80),
      description: z.string().max(300).default(""),
      systemPrompt: z.string().trim().min(1).max(8000),
      voice: z.string().max(100).nullable().default(null),
      temperature: z.number().min(0).max(2).nullable().default(null),
      quickAnswers: z.boolean().nullable().default(null),
    }),
  )
  .min(1, "must have at least one persona")
  .max(100)
  .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, "has the same id twice")

export const builtInPersonas: readonly Persona[] = [
  {
    id: "default",
    name: "ZenGlow",
    description: "Calm, direct, and exact about what it knows.",
    systemPrompt:
      "You are ZenGlow, a helpful assistant that runs on the person's own computer. Answer plainly and directly. Say so when you do not know.",
    voice: null,
    temperature: null,
    quickAnswers: null,
  },
  {
    id: "concise",
    name: "Concise",
    description: "The shortest answer that is still right.",
    systemPrompt:
      "You are a concise assistant. Answer in one or two short sentences, without greetings or repetition. Say so when you do not know.",
    voice: null,
    temperature: 0.2,
    quickAnswers: null,
  },
  {
    id: "teacher",
    name: "Teacher",
    description: "Explains step by step, with an example.",
    systemPrompt:
      "You are a patient teacher. Explain in small steps and simple words, and give one short example. Say so when you do not know.",
    voice: null,
    temperature: null,
    quickAnswers: null,
  },
]

/** The persona behind `/leonardo`: always there, whatever the file says. */
export const leonardo: Persona = {
  id: "leonardo",
  name: "Leonardo",
  description: "Thinks aloud, step by step, and says what it is unsure of.",
  systemPrompt:
    "You are Leonardo, an analytical assistant. Reason in small, clear steps, weigh what speaks for and against, and name what is uncertain. Speak in short sentences that are easy to follow by ear.",
  voice: null,
  temperature: 0.3,
  quickAnswers: null,
}

/** Personas from one JSON file, a list of `{id, name, systemPrompt, description?, voice?, temperature?, quickAnswers?}`, read again whenever it changes. */
export function createPersonas(options: { file: string; log: Logger }): Personas {
  let current: readonly Persona[] = builtInPersonas
  let seen: string | null = null
  let problem: string | null = null

  async function refresh(): Promise<void> {
    const now = await stat(options.file).then(
      ({ mtimeMs, size }) => `${mtimeMs}:${size}`,
      () => null,
    )
    if (now === seen) return
    seen = now
    problem = null
    if (now === null) {
      current = builtInPersonas
      return
    }
    try {
      const parsed = fileSchema.safeParse(JSON.parse(await readFile(options.file, "utf8")))
      if (parsed.success) {
        current = parsed.data
        return
      }
      const issue = parsed.error.issues[0]
      problem = `personas.json: ${issue?.path.join(".") || "the list"} ${issue?.message ?? "is not valid"}.`
    } catch {
      problem = "personas.json is not readable as JSON."
    }
    options.log.warn("personas file not used", { problem })
  }

  return {
    async list() {
      await refresh()
      return [...current]
    },
    async get(id) {
      await refresh()
      const found = current.find((one) => one.id === id) ?? (id === leonardo.id ? leonardo : current[0])
      if (!found) throw new Error("There is always a persona.")
      return found
    },
    problem: () => problem,
  }
}
