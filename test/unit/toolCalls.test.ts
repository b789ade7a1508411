import { describe, expect, it } from "vitest"
import { z } from "zod"
import { builtInTools } from "#chat/tools/builtIn.ts"
import { createTools, type ToolCall } from "#chat/tools/createTools.ts"
import { defineTool, harmless, type Tool } from "#chat/tools/tool.ts"
import { type Actor, ownerActor } from "#core/actor.ts"

const wednesday = new Date("2026-03-04T12:00:00Z")
const member: Actor = { personId: "ben", scopes: ["chat"], role: "adult" }
const call = (tools: readonly Tool[], given: Partial<ToolCall> & { name: string }, actor = member) =>
  createTools(tools, () => wednesday).call(
    actor,
    { arguments: {}, isConfirmed: false, ...given },
    new AbortController().signal,
  )

const calls: string[] = []
const tool = (changes: Partial<Tool>): Tool => ({
  ...defineTool({
    ...harmless,
    name: "noted",
    description: "Notes that it ran.",
    input: z.strictObject({}),
    output: z.object({ text: z.string() }),
    async run() {
      calls.push("noted")
      return { text: "done" }
    },
  }),
  ...changes,
})

describe("tools that come with ZenGlow", () => {
  it.each([
    ["calculate", { expression: "(12 + 8) * 3" }, { value: "60" }],
    ["convert_units", { amount: 5, from: "miles", to: "kilometres" }, { value: "8.04672" }],
    ["date_time", { zone: "Asia/Tokyo" }, { text: "Wednesday, 4 March 2026 at 21:00" }],
  ])("%s gives a typed result", async (name, given, result) => {
    expect(await call(builtInTools, { name, arguments: given })).toEqual(result)
  })

  it.each([
    ["calculate", { expression: "1 / 0" }],
    ["convert_units", { amount: 1, from: "miles", to: "litres" }],
    ["date_time", { zone: "Moon/Base" }],
  ])("%s says that there is no result", async (name, given) => {
    await expect(call(builtInTools, { name, arguments: given })).rejects.toMatchObject({ code: "tool.no-result" })
  })

  it("show what they take", () => {
    const shown = createTools(builtInTools, () => wednesday).list(member)
    expect(shown.map(({ name }) => name)).toEqual(["calculate", "convert_units", "date_time"])
    expect(shown[0]?.input).toMatchObject({ required: ["expression"], additionalProperties: false })
  })
})

describe("a call", () => {
  it("refuses arguments that the schema does not name", async () => {
    const given = { name: "calculate", arguments: { expression: "1 + 1", tool: "speak" } }
    await expect(call(builtInTools, given)).rejects.toMatchObject({ code: "tool.bad-arguments" })
  })

  it("runs what asks first only when the person agreed", async () => {
    calls.length = 0
    const asks = [tool({ confirmation: "ask" })]
    await expect(call(asks, { name: "noted" })).rejects.toMatchObject({ code: "tool.needs-confirmation" })
    expect(calls).toEqual([])
    expect(await call(asks, { name: "noted", isConfirmed: true })).toEqual({ text: "done" })
  })

  it.each<[string, Partial<Tool>]>([
    ["the owner's", { confirmation: "owner" }],
    ["of another scope", { scope: "audio" }],
  ])("neither shows nor runs a tool %s for somebody else", async (_whose, changes) => {
    const theirs = [tool(changes)]
    await expect(call(theirs, { name: "noted", isConfirmed: true })).rejects.toMatchObject({ code: "tool.not-found" })
    expect(createTools(theirs, () => wednesday).list(member)).toEqual([])
    expect(await call(theirs, { name: "noted" }, ownerActor)).toEqual({ text: "done" })
  })

  it("ends when a tool hangs, and tells the tool", async () => {
    let told: AbortSignal | undefined
    const hangs = tool({
      timeoutMs: 20,
      run: (_input, { signal }) => {
        told = signal
        return new Promise(() => {})
      },
    })
    await expect(call([hangs], { name: "noted" })).rejects.toMatchObject({ code: "tool.timeout" })
    expect(told?.aborted).toBe(true)
  })

  it("refuses a result of 50 MB", async () => {
    const large = tool({ run: async () => ({ text: "x".repeat(50_000_000) }) })
    await expect(call([large], { name: "noted" })).rejects.toMatchObject({ code: "tool.too-large" })
  })
})
