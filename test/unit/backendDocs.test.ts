import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { errorCodes } from "#contract/errors.ts"
import { createClassifier } from "#routing/classify.ts"
import { defaultRules } from "#routing/defaultRules.ts"
import { parseRules } from "#routing/rules.ts"
import { readRequests } from "../bench/shared/routingRequests.ts"
import { seedTarget } from "../bench/shared/seedRouter.ts"

const docs = readFileSync(new URL("../../docs/backends.md", import.meta.url), "utf8")

describe("docs/backends.md", () => {
  it("has rules that are taken as they stand", () => {
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(docs) ?? []
    const rules = parseRules(yaml, ["study"])
    const classify = createClassifier(rules)
    expect(classify("How do I rebase in git?")).toMatchObject({ domain: "code" })
    expect(classify("What a lovely day").domain).toBe("quick")
    expect(() => parseRules(yaml, [])).toThrow(/Line \d+ .*study/)
  })

  it("names codes that there are", () => {
    const named = [...docs.matchAll(/^\| `([\w.-]+)` \|/gm)].map(([, code = ""]) => code)
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((code) => !(code in errorCodes))).toEqual([])
  })
})

describe("the rules that come with the product", () => {
  it("take held-aside requests for what they are more often than the earlier system's did", () => {
    const classify = createClassifier(parseRules(defaultRules, null))
    const aside = readRequests().filter((_, index) => index % 2 === 1)
    const kinds = { edge: "quick", jarvis: "technical", leonardo: "thorough" }
    const right = aside.filter(({ label, text }) => classify(text).domain === label).length / aside.length
    const before = aside.filter(({ label, text }) => kinds[seedTarget(text)] === label).length / aside.length
    expect(aside.length).toBeGreaterThanOrEqual(75)
    expect(right).toBeGreaterThan(0.7)
    expect(right).toBeGreaterThan(before)
  })
})
