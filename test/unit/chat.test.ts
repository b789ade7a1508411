import { describe, expect, it } from "vitest"
import { intentOf } from "#chat/intent.ts"
import { attributeSentences } from "#chat/support.ts"
import { titleOf } from "#chat/title.ts"
import { foldTimings } from "#chat/turnTimings.ts"
import type { Passage, TurnEvent, TurnEventBody } from "#contract/turns.ts"

const passage = (n: number, text: string, title = "Manual"): Passage => ({
  n,
  chunkId: `c${n}`,
  documentId: "d",
  collectionId: "k",
  title,
  path: "manual.md",
  headingPath: [],
  page: null,
  text,
  start: 0,
  end: text.length,
  score: 1,
  similarity: 0.5,
})
const never = new AbortController().signal

describe("intentOf", () => {
  it.each([
    ["Hello!", "small-talk"],
    ["Thanks a lot", "small-talk"],
    ["What can you do?", "small-talk"],
    ["Write a poem about rain", "task"],
    ["Could you please translate this into French: good morning", "task"],
    ["How often should the filter be changed?", "lookup"],
    ["hi-fi amplifier warranty", "lookup"],
    ["What does the contract say about pets?", "lookup"],
  ] as const)("takes %j as %s", (text, intent) => {
    expect(intentOf(text)).toBe(intent)
  })
})

describe("titleOf", () => {
  it.each([
    ["Please tell me how often the filter should be changed?", "How often the filter should be changed"],
    ["hello", "Hello"],
    ["???", "New chat"],
  ])("turns %j into %j", (question, title) => {
    expect(titleOf(question)).toBe(title)
  })

  it("cuts long questions at a word", () => {
    const title = titleOf("which of the many appliances in this household needs its filter changed most often")
    expect(title.length).toBeLessThanOrEqual(49)
    expect(title).toMatch(/\w…$/)
  })
})

describe("attributeSentences", () => {
  const passages = [
    passage(1, "The water filter must be changed every two months."),
    passage(2, "The warranty lasts three years from the date of purchase."),
  ]
  const attribute = (text: string) => attributeSentences(text, passages, { embedder: null }, never)

  it("cites the passage that states a sentence", async () => {
    const text = "The filter must be changed every 2 months. The warranty is three years from purchase."
    const spans = await attribute(text)
    expect(spans.map((span) => span.citations)).toEqual([[1], [2]])
    expect(text.slice(spans[1]?.start, spans[1]?.end)).toBe("The warranty is three years from purchase.")
  })

  it("marks a sentence whose number no passage has", async () => {
    const [span] = await attribute("The water filter must be changed every 5 months.")
    expect(span).toMatchObject({ supported: false, citations: [], reason: "5 is not in the passages." })
  })

  it("marks a sentence whose name no passage has", async () => {
    const [span] = await attribute("The water filter must be changed by Bosch every two months.")
    expect(span).toMatchObject({ supported: false, reason: "Bosch is not in the passages." })
  })

  it("marks a sentence that no passage says", async () => {
    const [span] = await attribute("Cleaning the drip tray daily keeps bad smells away.")
    expect(span).toMatchObject({ supported: false, reason: "No passage says this." })
  })
})

describe("foldTimings", () => {
  it("tells the time of writing from the time of checking what was written", () => {
    const at = (time: number, body: TurnEventBody): TurnEvent => ({ ...body, turnId: "t", seq: time, at: time })
    const end = { spans: [], usage: null, contextTokens: 0, contextLimit: 0, found: true }
    const timings = foldTimings(
      [
        at(0, { type: "text-delta", text: "Every", provisional: true }),
        at(900, { type: "check-start" }),
        at(2000, { type: "text-end", model: "m", text: "Every week.", ...end }),
      ],
      "text",
    )
    expect(timings).toContainEqual({ name: "generate", startMs: 0, endMs: 900 })
    expect(timings).toContainEqual({ name: "support", startMs: 900, endMs: 2000 })
  })

  it("counts a voice turn from key-up, with listening before zero", () => {
    const at = (time: number, body: TurnEventBody): TurnEvent => ({ ...body, turnId: "t", seq: time, at: time })
    const timings = foldTimings(
      [
        at(0, {
          type: "turn-start",
          conversationId: "c",
          userMessageId: null,
          messageId: "m",
          kind: "voice",
          text: null,
          model: null,
        }),
        at(10, { type: "listen-start" }),
        at(2010, { type: "listen-end", audioMs: 2000 }),
        at(2110, { type: "stt-end", text: "hello", audioMs: 2000, confidence: 1 }),
        at(2510, { type: "text-delta", text: "Hi" }),
      ],
      "voice",
    )
    expect(timings).toContainEqual({ name: "listen", startMs: -2000, endMs: 0 })
    expect(timings).toContainEqual({ name: "stt", startMs: 0, endMs: 100 })
    expect(timings).toContainEqual({ name: "first-token", startMs: 100, endMs: 500 })
  })
})
