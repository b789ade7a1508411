import { beforeAll, expect, it } from "vitest"
import { faults, runDrill } from "#app/drill/runDrill.ts"
import type { DrillResult } from "#app/drill/types.ts"

const results = new Map<string, DrillResult>()
beforeAll(async () => {
  for await (const result of runDrill(faults, new AbortController().signal)) results.set(result.name, result)
}, 120_000)

it("knows at least twenty faults, each by its own name", () => {
  expect(faults.length).toBeGreaterThanOrEqual(20)
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length)
})

it.each(
  faults.filter(({ except }) => !except?.includes(process.platform)).map(({ name, code }) => [name, code] as const),
)("finds that %s (%s), and its remedy helps", (name) => {
  const result = results.get(name)
  expect(result?.found).toMatchObject({ remedy: expect.stringMatching(/\S/) })
  expect(result, JSON.stringify(result)).toMatchObject({ isDetected: true, isHealed: true })
})
