import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { toGrammarSchema } from "#engines/llama/grammarSchema.ts"
import { createJsonEndFinder } from "#engines/llama/jsonEnd.ts"
import { createTextMerger } from "#engines/llama/mergeText.ts"
import { createTextGate } from "#engines/llama/textGate.ts"
import type { GenerateEvent } from "#engines/types.ts"

const cut = (text: string, sizes: number[]): string[] => {
  const pieces: string[] = []
  for (let at = 0, index = 0; at < text.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    pieces.push(text.slice(at, at + size))
    at += size
  }
  return pieces
}
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 })

describe("the text gate", () => {
  it("shows all that stands before the first mark and nothing of the mark, however the text is cut", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "<"), maxLength: 40 })
    fc.assert(
      fc.property(letters, sizes, (text, sizes) => {
        const marks = ["<a<", "bb<", "<"].slice(0, 2)
        const gate = createTextGate(marks)
        let shown = ""
        let reached: string | undefined
        for (const piece of cut(text, sizes)) {
          const step = gate.push(piece)
          shown += step.text
          if (step.mark !== undefined) {
            reached = step.mark
            break
          }
        }
        if (reached === undefined) shown += gate.flush()
        const first = Math.min(...marks.map((mark) => (text.includes(mark) ? text.indexOf(mark) : text.length)))
        expect(shown).toBe(text.slice(0, first))
        expect(reached !== undefined).toBe(first < text.length)
      }),
    )
  })

  it("holds nothing back that cannot become a mark", () => {
    const gate = createTextGate(["</end>"])
    expect(gate.push("hello <").text).toBe("hello ")
    expect(gate.push("b>").text).toBe("<b>")
  })
})

describe("the end of a JSON value", () => {
  it("is found exactly, however the text is cut", () => {
    fc.assert(
      fc.property(fc.jsonValue(), sizes, fc.boolean(), (value, sizes, isPretty) => {
        const json = JSON.stringify(value, null, isPretty ? 2 : 0)
        const find = createJsonEndFinder()
        let end = -1
        for (const piece of cut(`${json}\n\n{"more": 1}`, sizes)) {
          end = find(piece)
          if (end >= 0) break
        }
        expect(end).toBe(json.length)
      }),
    )
  })
})

describe("a JSON schema for the grammar", () => {
  it("keeps what can be enforced and rewrites what has another name", () => {
    const converted = toGrammarSchema(
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        title: "Order",
        properties: {
          id: { type: ["string", "null"], description: "The order" },
          kind: { anyOf: [{ const: "new" }, { $ref: "#/definitions/old" }] },
          lines: { type: "array", items: { type: "number" }, minItems: 1 },
        },
        required: ["id"],
        additionalProperties: false,
        definitions: { old: { enum: ["old", 1] } },
      },
      "strict",
    )
    expect(converted).toEqual({
      type: "object",
      properties: {
        id: { type: ["string", "null"], description: "The order" },
        kind: { oneOf: [{ const: "new" }, { $ref: "#/$defs/old" }] },
        lines: { type: "array", items: { type: "number" }, minItems: 1 },
      },
      additionalProperties: false,
      $defs: { old: { enum: ["old", 1] } },
    })
  })

  it("names the place of a keyword that cannot be kept, and drops it for tool parameters", () => {
    const schema = { type: "object", properties: { age: { type: "integer", minimum: 0 } } }
    expect(() => toGrammarSchema(schema, "strict")).toThrow(/\$\.properties\.age.*"minimum"/)
    expect(toGrammarSchema(schema, "lenient")).toMatchObject({ properties: { age: { type: "integer" } } })
  })

  it("refuses what is no schema", () => {
    for (const schema of [
      { type: "thing" },
      { enum: [] },
      { $ref: "https://elsewhere" },
      { type: "object", properties: [] },
      {},
    ])
      expect(() => toGrammarSchema(schema as Record<string, unknown>, "strict")).toThrow(/cannot be enforced/)
    let deep: Record<string, unknown> = { type: "string" }
    for (let level = 0; level < 50; level++) deep = { type: "array", items: deep }
    expect(() => toGrammarSchema(deep, "strict")).toThrow(/nested too deeply/)
  })
})

describe("text on its way out", () => {
  const run = (steps: [number, GenerateEvent][]) => {
    const sent: [number, GenerateEvent][] = []
    let now = 0
    const merger = createTextMerger(
      (event) => sent.push([now, event]),
      () => now,
    )
    for (const [at, event] of steps) {
      now = at
      merger.emit(event)
    }
    merger.flush()
    return sent
  }
  const text = (piece: string): GenerateEvent => ({ type: "text", text: piece })

  it("goes at once first, then in pieces of at least 50 ms, and loses nothing", () => {
    const sent = run([...Array(7).keys()].map((index) => [index * 30, text(String(index))]))
    expect(sent).toEqual([
      [0, text("0")],
      [60, text("12")],
      [120, text("34")],
      [180, text("56")],
    ])
  })

  it("does not wait on a machine that is slower than that", () => {
    expect(run([0, 90, 200].map((at) => [at, text("a")])).map(([at]) => at)).toEqual([0, 90, 200])
  })

  it("keeps the order of text, reasoning and calls, and every log-probability", () => {
    const logprob = (token: string) => ({ token, logprob: -1, bytes: [], top: [] })
    const call: GenerateEvent = { type: "tool-call", index: 0, id: "c", name: "f", argumentsDelta: "{}" }
    const sent = run([
      [0, { type: "reasoning", text: "a" }],
      [1, { type: "reasoning", text: "b" }],
      [2, { type: "text", text: "c", logprobs: [logprob("c")] }],
      [3, { type: "text", text: "d", logprobs: [logprob("d")] }],
      [4, call],
    ])
    expect(sent.map(([, event]) => event)).toEqual([
      { type: "reasoning", text: "a" },
      { type: "reasoning", text: "b" },
      { type: "text", text: "cd", logprobs: [logprob("c"), logprob("d")] },
      call,
    ])
  })
})
