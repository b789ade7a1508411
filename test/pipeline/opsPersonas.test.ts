import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { persona } from "#contract/settings.ts"
import { silentLogger } from "#core/logger.ts"
import { builtInPersonas, createPersonas } from "#ops/personas.ts"

let directory: string
let file: string
let changes = 0
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-personas-"))
  file = join(directory, "personas.json")
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Each change gets a time of its own: a file system may keep times too coarsely to tell two quick ones apart. */
async function write(text: string): Promise<void> {
  await writeFile(file, text)
  const at = new Date(1_700_000_000_000 + ++changes * 10_000)
  await utimes(file, at, at)
}

it("starts with the built-in ones, each complete", async () => {
  const personas = createPersonas({ file, log: silentLogger })
  const list = await personas.list()
  expect(list.map(({ name }) => name)).toEqual(["ZenGlow", "Concise", "Teacher"])
  for (const one of list) expect(persona.parse(one)).toEqual(one)
  expect((await personas.get(null)).id).toBe("default")
  expect((await personas.get("teacher")).name).toBe("Teacher")
  expect((await personas.get("gone")).id).toBe("default")
})

it("reads the file again whenever it changes, and forgets it when it goes", async () => {
  const personas = createPersonas({ file, log: silentLogger })
  await personas.list()
  await write(JSON.stringify([{ id: "pirate", name: "Pirate", systemPrompt: "Talk like a pirate." }]))
  expect(await personas.list()).toEqual([
    {
      id: "pirate",
      name: "Pirate",
      description: "",
      systemPrompt: "Talk like a pirate.",
      voice: null,
      temperature: null,
      quickAnswers: null,
    },
  ])
  expect((await personas.get(null)).id).toBe("pirate")
  await rm(file)
  expect(await personas.list()).toEqual(builtInPersonas)
})

it.each([
  ["no JSON", "{"],
  ["no list", '{"id":"x"}'],
  ["an empty list", "[]"],
  ["an unknown field", '[{"id":"x","name":"X","systemPrompt":"s","tools":[]}]'],
  ["a bad id", '[{"id":"../x","name":"X","systemPrompt":"s"}]'],
  ["the same id twice", '[{"id":"x","name":"X","systemPrompt":"s"},{"id":"x","name":"Y","systemPrompt":"s"}]'],
])("keeps the last good list when the file has %s, and says why", async (_name, text) => {
  const personas = createPersonas({ file, log: silentLogger })
  await write('[{"id":"good","name":"Good","systemPrompt":"s"}]')
  expect((await personas.list()).map(({ id }) => id)).toEqual(["good"])
  expect(personas.problem()).toBeNull()
  await write(text)
  expect((await personas.list()).map(({ id }) => id)).toEqual(["good"])
  expect(personas.problem()).toMatch(/^personas\.json/)
})
