import { describe, expect, it } from "vitest"
import type { Backend } from "#contract/backends.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeLlm } from "#engines/fake/fakeLlm.ts"
import type { Embedder } from "#engines/types.ts"
import type { Circuit } from "#routing/circuit.ts"
import { createClassifier } from "#routing/classify.ts"
import { defaultRules } from "#routing/defaultRules.ts"
import { createExamples } from "#routing/examples.ts"
import { type Circumstances, type Option, rank } from "#routing/rank.ts"
import { parseRules } from "#routing/rules.ts"
import { readRequests } from "../bench/shared/routingRequests.ts"

const rulesWith = (lines = "") =>
  parseRules(`version: 1\ndefault: all\ndomains:\n  all:\n    targets: [in-process]\n${lines}`, ["far", "near"])
const here: Option = { target: "in-process", remote: null }
const server = (name: string, firstTokenMs: number | null = null, kind: Backend["kind"] = "openai"): Option => ({
  target: name,
  remote: {
    backend: { name, kind } as Backend,
    model: "m",
    llm: createFakeLlm({}),
    sentTo: `${name}.test`,
    circuit: { health: () => ({ state: "ok", firstTokenMs }) } as Circuit,
  },
})
const plain: Circumstances = {
  domain: "all",
  previousBackend: null,
  confidence: null,
  wantsTools: false,
  ownFirstTokenMs: null,
}
const first = (options: Option[], known: Partial<Circumstances> = {}, rules = rulesWith()) => {
  const [best, next] = rank(options, { ...plain, ...known }, rules, () => 0)
  return { target: best?.option.target, notes: [...(best?.notes ?? []), ...(next?.notes ?? [])].join() }
}

describe("what is known of a place that may answer", () => {
  it("leaves the order of the rules when nothing is known", () => {
    expect(first([server("far"), here])).toEqual({ target: "far", notes: "" })
  })

  it("moves a slow server back when its wait counts enough, and says how much longer it takes", () => {
    const options = [server("far", 9000), server("near", 500)]
    expect(first(options).target).toBe("far")
    const weighted = first(options, {}, rulesWith("weights: { speed: 2 }\n"))
    expect(weighted.target).toBe("near")
    expect(weighted.notes).toContain("8.5 s longer")
  })

  it("moves what costs money back", () => {
    const rules = rulesWith("weights: { cost: 2 }\ncosts: { far: 3 }\n")
    expect(first([server("far"), here], {}, rules)).toMatchObject({ target: "in-process", notes: "it costs money" })
  })

  it("stays with who answered in the chat before, where that counts enough", () => {
    const rules = rulesWith("weights: { history: 1.5 }\n")
    expect(first([server("far"), server("near")], { previousBackend: "near" }, rules).target).toBe("near")
  })

  it("leaves to this computer what documents say clearly, and nothing that they do not", () => {
    const options = [server("far"), here]
    expect(first(options, { confidence: 0.9 }).target).toBe("in-process")
    expect(first(options, { confidence: 0.3 }).target).toBe("far")
  })

  it("leaves no tools to an edge function", () => {
    const options = [server("far", null, "edge"), here]
    expect(first(options).target).toBe("far")
    expect(first(options, { wantsTools: true }).target).toBe("in-process")
  })

  it("refuses costs of an unknown target, with the line", () => {
    expect(() => rulesWith("costs: { nowhere: 1 }\n")).toThrow(/Line 6 .*nowhere/)
  })
})

describe("examples compared by meaning", () => {
  const rules = parseRules(defaultRules, null)
  /** Texts of code point one way, all others another. */
  const embedder = (embed: Embedder["embed"]): Embedder =>
    ({ fingerprint: "f", dimensions: 2, embed }) as unknown as Embedder
  const twoWays = embedder(async (texts) =>
    texts.map((text) => Float32Array.from(/Python|git|JavaScript|x/.test(text) ? [1, 0] : [0, 1])),
  )

  it("take a request without any word of the rules for what it reads like", async () => {
    const examples = createExamples({ embedder: async () => twoWays, log: silentLogger })
    const text = "untangle my gitignore"
    await expect.poll(() => examples.shares(rules, text)).not.toBeNull()
    const shares = await examples.shares(rules, text)
    expect(createClassifier(rules)(text).domain).toBe("quick")
    expect(createClassifier(rules)(text, { shares })).toMatchObject({ domain: "technical" })
  })

  it("are left out where the embedder hangs or fails: the rules decide", async () => {
    const hanging = createExamples({ embedder: async () => embedder(() => new Promise(() => {})), log: silentLogger })
    expect(await hanging.shares(rules, "anything")).toBeNull()
    const broken = embedder(() => Promise.reject(new Error("gone")))
    expect(await createExamples({ embedder: async () => broken, log: silentLogger }).shares(rules, "a")).toBeNull()
  })

  it("are none of the requests that were held aside", () => {
    const known = new Set(Object.values(rules.domains).flatMap(({ examples }) => examples))
    const aside = readRequests().filter((_, index) => index % 2 === 1)
    expect(known.size).toBe(78)
    expect(aside.filter(({ text }) => known.has(text))).toEqual([])
  })

  it("are joined by what was asked before, where a question goes on with it", () => {
    const classify = createClassifier(rules)
    expect(classify("and shorter?", { previous: "Write a Python function" }).domain).toBe("technical")
    expect(classify("and shorter?").domain).toBe("quick")
  })
})
