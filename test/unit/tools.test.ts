import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { answerRouted } from "#chat/answerRouted.ts"
import type { AnswerInput } from "#chat/runTurn.ts"
import { calculate } from "#chat/tools/calculate.ts"
import { convertUnits } from "#chat/tools/convertUnits.ts"
import { recogniseTool } from "#chat/tools/recogniseTool.ts"
import type { Memories } from "#rag/memory/memories.ts"

const now = new Date("2026-03-04T12:05:00Z")

/** What a message is answered with; "searched" where it goes to the documents. */
async function answerTo(question: string): Promise<string> {
  let text = ""
  const routes = {
    memories: {} as Memories,
    now: () => now,
    // biome-ignore lint/correctness/useYield: nothing is read whole here.
    async *whole() {
      return false
    },
    async *answer() {
      yield { type: "text-delta" as const, text: "searched" }
    },
  }
  const input = { question, history: [], isRegeneration: true } as unknown as AnswerInput
  for await (const event of answerRouted(input, routes, new AbortController().signal))
    if (event.type === "text-delta") text += event.text
  return text
}

describe("what is worked out instead of looked up", () => {
  const examples = [...readFileSync("docs/tools.md", "utf8").matchAll(/^\| `(.+?)` \| `(.+?)` \|$/gm)]

  it("has its examples in docs/tools.md", () => expect(examples.length).toBeGreaterThan(10))
  it.each(examples.map(([, asked = "", answer = ""]) => [asked, answer]))("%s", async (asked, answer) => {
    expect(await answerTo(asked)).toBe(answer)
  })

  it("tells the time of a place", async () => {
    expect(await answerTo("What time is it in Tokyo?")).toBe("It is 21:05 in Tokyo.")
  })

  it.each([
    "What is the deposit?",
    "What is the total rent of 2024-2025?",
    "What is 030-1234567?",
    "What is 12/05/2024?",
    "2024-2025",
    "10-12",
    "What time is it allowed to play music?",
    "What time is it in the lease?",
    "What day is the rent due?",
    "How many weeks are in the notice period?",
    "How many rooms are in a flat?",
    "How many litres in a mile?",
    "What is 5 divided by 0?",
    "What is 9^9^9^9?",
    "Convert the manual to a summary",
    "What is paragraph 4 + 5 about?",
  ])("goes to the documents: %s", async (question) => {
    expect(await answerTo(question)).toBe("searched")
  })
})

describe("the calculator", () => {
  it.each([
    ["2 + 3 * 4", "14"],
    ["0.1 + 0.2", "0.3"],
    ["-2 ^ 2", "-4"],
    ["round(2.5) + max(1, 2)", "5"],
    ["200 + 10%", "220"],
    ["2 * pi", "6.28318530718"],
  ])("%s", async (expression, value) => expect(await calculate(expression)).toBe(value))

  it.each([
    "import({}, {})",
    'evaluate("1+1")',
    'parse("2")',
    "x = 5",
    "f(x) = f(x); f(1)",
    '"a".constructor',
    "[1, 2]",
    "ones(1e5, 1e5)",
    "170!",
    "factorial(1e9)",
    "cos.constructor(1)",
    "createUnit(1)",
    "1; 2",
    "1:1e9",
    "5 cm",
    `${"(".repeat(150)}1${")".repeat(150)}`,
    "sqrt(-1)",
    "1 / 0",
    "2 +",
  ])("refuses %s", async (expression) => expect(await calculate(expression)).toBeNull())
})

it("does not convert between different things", async () => {
  expect(await convertUnits(1, "mile", "l")).toBeNull()
})

it("answers within bounds however long the message is", () => {
  expect(recogniseTool(`what is ${"1+".repeat(50_000)}1`)).toBeNull()
  expect(recogniseTool(`what is ${"(".repeat(190)}`)).toBeNull()
})
