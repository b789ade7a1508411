import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { writeText } from "#chat/writeText.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { systemClock } from "#core/clock.ts"
import { isThisMachine } from "#core/egress/thisMachine.ts"
import { AppError } from "#core/errors.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeLlm, type FakeLlmScript } from "#engines/fake/fakeLlm.ts"
import { type Backends, openBackends } from "#routing/backends.ts"
import { openFeedback } from "#routing/feedback.ts"
import { createRoutedLlm } from "#routing/routedLlm.ts"
import { createRuleFile } from "#routing/ruleFile.ts"
import { createSwitchr, type RoutingRequest } from "#routing/switchr.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { backend } from "../fakes/backend.ts"

const signal = new AbortController().signal
const essay = "Write an essay that compares two revolutions"

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-routing-"))
  file = join(directory, "routing.yaml")
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function setUp({
  hasLocal = true,
  scripts = {},
}: {
  hasLocal?: boolean
  scripts?: Record<string, FakeLlmScript>
} = {}) {
  const settings = createMemoryStore().settings
  const keys = new Map<string, string>()
  const now = { ms: 1_000_000 }
  const clock = { ...systemClock, now: () => now.ms }
  const backends: Backends = await openBackends({
    settings,
    connect: ({ name }) => ({
      models: async () => [],
      llm: (model) =>
        createFakeLlm({ modelId: `${name}/${model}`, replies: [{ text: `I am ${name}` }], ...scripts[name] }),
    }),
    keys: {
      has: async (name) => keys.has(name),
      set: async (name, value) => keys.set(name, value),
      remove: async (name) => void keys.delete(name),
    },
    isThisMachine,
    onChange() {},
    clock,
  })
  const rules = createRuleFile({ file, servers: () => backends.enabled().map(({ name }) => name), log: silentLogger })
  const feedback = await openFeedback(settings)
  const own = createFakeLlm({ modelId: "own", replies: [{ text: "I am own" }] })
  const switchr = createSwitchr({ backends, local: async () => (hasLocal ? own : null), rules, feedback, clock })
  const decide = async (text: string, rest: Partial<RoutingRequest> = {}) => {
    const decision = await switchr.decide({ text, prefer: null, isPrivate: false, ...rest })
    if (!decision) throw new Error("nobody can answer")
    return decision
  }
  const names = async (text: string, rest: Partial<RoutingRequest> = {}) =>
    (await decide(text, rest)).candidates.map(({ route }) => route.backend)
  return { backends, rules, feedback, decide, names, keys, now, settings }
}

describe("who answers", () => {
  it("is this computer for short talk and a server for what wants thought, and says why", async () => {
    const { backends, decide, names } = await setUp()
    await backends.add(backend("far"), null)
    expect(await names("Hi there!")).toEqual(["in-process", "far"])
    const { candidates } = await decide(essay)
    expect(candidates[0].route).toMatchObject({
      backend: "far",
      model: "big",
      sentTo: "far.test",
      alternatives: ["own"],
    })
    expect(candidates[0].route.reasons.join()).toContain("thorough")
  })

  it("is nobody elsewhere for what comes with documents, until that is allowed", async () => {
    const { backends, decide, names } = await setUp()
    await backends.add(backend("far"), null)
    expect(await names(essay, { isPrivate: true })).toEqual(["in-process"])
    expect((await decide(essay, { isPrivate: true })).candidates[0].route.reasons).toContain(
      "your documents stay on this computer",
    )
    await backends.change("far", { allowsDocuments: true })
    expect(await names(essay, { isPrivate: true, hasConsent: true })).toEqual(["far", "in-process"])
  })

  it("is nobody elsewhere for a collection that may not leave, though the server may see documents", async () => {
    const { backends, names } = await setUp()
    await backends.add(backend("far", { allowsDocuments: true }), null)
    expect(await names(essay, { isPrivate: true, hasConsent: false })).toEqual(["in-process"])
    expect(await names(essay, { isPrivate: true, prefer: "far/big" })).toEqual(["in-process"])
  })

  it("is not a server that was named either, where it may not see documents, and the answer says so", async () => {
    const { backends, decide } = await setUp()
    await backends.add(backend("far"), null)
    const { candidates } = await decide(essay, { isPrivate: true, prefer: "far/big", hasConsent: true })
    expect(candidates.map(({ route }) => route.backend)).toEqual(["in-process"])
    expect(candidates[0].route.instead).toEqual({ of: "far/big", why: "documents" })
  })

  it("is refused with a reason when only such a server is there", async () => {
    const { backends, decide } = await setUp({ hasLocal: false })
    await backends.add(backend("far"), null)
    await expect(decide(essay, { isPrivate: true })).rejects.toMatchObject({ code: "backend.no-consent" })
  })

  it("may be another program of this computer, which sees documents", async () => {
    const { backends, decide } = await setUp()
    await backends.add(backend("near", { baseUrl: "http://127.0.0.1:11434" }), null)
    const { candidates } = await decide(essay, { isPrivate: true })
    expect(candidates[0].route).toMatchObject({ backend: "near", sentTo: null })
  })

  it("is whom the person names", async () => {
    const { backends, names } = await setUp()
    await backends.add(backend("far"), null)
    expect(await names("Hi", { prefer: "far/small" })).toEqual(["far", "in-process", "far"])
    expect(await names(essay, { prefer: "in-process" })).toEqual(["in-process", "far"])
  })

  it("changes with feedback, but not without bounds", async () => {
    const { backends, decide, names, feedback } = await setUp()
    await backends.add(backend("far"), null)
    for (let n = 0; n < 20; n++) {
      const { candidates } = await decide(essay)
      const { backend: chosen, decisionId } = candidates[0].route
      await feedback.give(decisionId, chosen === "far" ? "down" : "up")
    }
    expect(await names(essay)).toEqual(["in-process", "far"])
    expect(Math.abs(feedback.bias("thorough", "far"))).toBeLessThanOrEqual(1.5)
    expect(feedback.bias("thorough", "in-process")).toBeLessThanOrEqual(1.5)
    expect(feedback.bias("quick", "far")).toBe(0)
  })

  it("hears feedback on a choice once", async () => {
    const { decide, feedback } = await setUp()
    const { decisionId } = (await decide("Hi")).candidates[0].route
    await feedback.give(decisionId, "up")
    await expect(feedback.give(decisionId, "up")).rejects.toMatchObject({ code: "request.not-found" })
  })
})

describe("a server that fails", () => {
  const crash = (pieces: number): FakeLlmScript => ({
    replies: [{ text: "one two three", breakAfter: { pieces, how: new AppError("backend.failed", "far broke off.") } }],
  })
  const answer = async (decision: Awaited<ReturnType<Awaited<ReturnType<typeof setUp>>["decide"]>>) => {
    const llm = createRoutedLlm(decision.candidates, systemClock)
    const prompt = { messages: [{ role: "user" as const, content: essay }] }
    const events: TurnEventBody[] = []
    const input = { cacheKey: "c" } as Parameters<typeof writeText>[0]
    const writing = writeText(
      input,
      prompt as Parameters<typeof writeText>[1],
      llm,
      { maxTokens: 9, temperature: 0 },
      signal,
    )
    for await (const event of writing) events.push(event)
    return { events, llm }
  }
  const text = (events: TurnEventBody[]) =>
    events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")

  it("before its first token is followed by the next, and the answer says who wrote it", async () => {
    const { backends, decide } = await setUp({ scripts: { far: crash(0) } })
    await backends.add(backend("far"), null)
    const { events, llm } = await answer(await decide(essay))
    expect(text(events)).toBe("I am own")
    expect(llm.modelId).toBe("own")
    const sent = events.filter((event) => event.type === "sent")
    expect(sent).toHaveLength(1)
    expect(sent[0]?.route).toMatchObject({ backend: "in-process", sentTo: null })
    expect(sent[0]?.route.reasons[0]).toContain("far did not answer")
    expect(sent[0]?.route.instead).toEqual({ of: "far/big", why: "down" })
  })

  it("after its first token ends the answer: two models never write one", async () => {
    const { backends, decide } = await setUp({ scripts: { far: crash(1) } })
    await backends.add(backend("far"), null)
    await expect(answer(await decide(essay))).rejects.toMatchObject({ code: "backend.failed" })
  })

  it("again and again is left alone for a while, and tried again after it", async () => {
    const { backends, decide, names, now } = await setUp({ scripts: { far: crash(0) } })
    await backends.add(backend("far"), null)
    for (let n = 0; n < 3; n++) await answer(await decide(essay))
    expect((await backends.list())[0]?.health).toMatchObject({ state: "resting", failures: 3 })
    expect(await names(essay)).toEqual(["in-process", "far"])
    now.ms += 15_001
    expect(await names(essay)).toEqual(["far", "in-process"])
  })
})

describe("servers a person named", () => {
  it("are there after a restart, without their key in the settings", async () => {
    const { backends, settings, keys } = await setUp()
    await backends.add(backend("far"), "its-key")
    expect(keys.get("far")).toBe("its-key")
    expect(JSON.stringify(await settings.all({ personId: "owner", scopes: ["owner"] } as never))).not.toContain(
      "its-key",
    )
    expect((await backends.list())[0]).toMatchObject({ name: "far", hasKey: true, leavesMachine: true })
  })

  it("lose their key when their address leads to another place", async () => {
    const { backends, keys } = await setUp()
    await backends.add(backend("far"), "its-key")
    await backends.change("far", { baseUrl: "https://elsewhere.test" })
    expect(keys.size).toBe(0)
  })

  it("are refused with a password in their address", async () => {
    const { backends } = await setUp()
    await expect(backends.add(backend("far", { baseUrl: "https://a:b@far.test" }), null)).rejects.toMatchObject({
      code: "backend.refused",
    })
  })
})

describe("rules of routing", () => {
  const rulesWith = (lines: string) => `version: 1\ndefault: all\ndomains:\n  all:\n    targets: [in-process]\n${lines}`

  it("are taken as soon as the file is there", async () => {
    const { backends, names } = await setUp()
    await backends.add(backend("far"), null)
    expect(await names("Hi")).toEqual(["in-process", "far"])
    await writeFile(file, "version: 1\ndefault: all\ndomains:\n  all:\n    targets: [far]\nfallback: [in-process]\n")
    expect(await names("Hi")).toEqual(["far", "in-process"])
  })

  it("keep the ones before a wrong file and name its line", async () => {
    const { rules } = await setUp()
    await writeFile(file, rulesWith("fallback: [in-process]\n"))
    const before = await rules.current()
    await writeFile(file, rulesWith("fallback: [nowhere]\n"))
    const after = await rules.current()
    expect(after.version).toBe(before.version)
    expect(after.problem).toMatch(/^Line 6 .*nowhere/)
  })

  it.each([
    ["an unknown server", "fallback: [nowhere]\n", "Line 6", "no server nowhere"],
    ["an unknown group", "fallback: ['@nowhere']\n", "Line 6", "no group @nowhere"],
    ["a word that means nothing", "falback: [in-process]\n", "Line", "falback"],
    [
      "weights that are all zero",
      "groups:\n  g:\n    mode: weighted\n    members: [{target: in-process, weight: 0}]\n",
      "Line 7",
      "zero",
    ],
    [
      "a group that contains itself",
      "groups:\n  g:\n    members: [{target: '@h'}]\n  h:\n    members: [{target: '@g'}]\n",
      "Line 7",
      "contains itself",
    ],
    [
      "a pattern that is none",
      "  b:\n    patterns: ['(']\n    targets: [in-process]\n",
      "Line 7",
      "regular expression",
    ],
    ["YAML that is none", "fallback: [in-process\n", "Line", ""],
  ])("refuse %s and name the line", async (_what, lines, line, what) => {
    const { rules } = await setUp()
    const refused = await rules.write(rulesWith(lines)).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: "config.invalid" })
    expect(String(refused)).toContain(line)
    expect(String(refused)).toContain(what)
    expect((await rules.current()).isDefault).toBe(true)
  })

  it("take turns by weight", async () => {
    const { backends, rules, names } = await setUp()
    await backends.add(backend("far"), null)
    await rules.write(
      "version: 1\ndefault: all\ndomains:\n  all:\n    targets: ['@g']\ngroups:\n  g:\n    mode: weighted\n    members: [{target: far, weight: 3}, {target: in-process, weight: 1}]\n",
    )
    const first: string[] = []
    for (let n = 0; n < 8; n++) first.push((await names("Hi"))[0] ?? "")
    expect(first.filter((name) => name === "far")).toHaveLength(6)
  })
})
