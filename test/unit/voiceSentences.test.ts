import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { createSentenceSplitter, type SpokenPiece } from "#voice/sentences.ts"

function split(parts: readonly string[]): SpokenPiece[] {
  const splitter = createSentenceSplitter()
  return [...parts.flatMap((part) => splitter.push(part)), ...splitter.end()]
}
const texts = (text: string): string[] => split([text]).map((piece) => piece.text.trim())

const fragments = fc.constantFrom(
  "The filter",
  " lasts",
  " six months",
  ", ",
  ". ",
  "! ",
  "? ",
  "... ",
  "… ",
  "; ",
  ": ",
  " — ",
  " - ",
  "\n",
  "\n\n",
  "Dr. ",
  "e.g. ",
  "$29.95",
  "3.5",
  "1,250",
  "January 5, 2026",
  "https://example.com/a.b?c=1",
  "`a. b`",
  "```",
  "```\n",
  "\n```js\n",
  "code();\n",
  "| a | b |\n",
  "- item\n",
  "1. ",
  "12. Step",
  "## Head\n",
  "[1]",
  " [2, 3]",
  "[link. text](http://x.y)",
  '"Stop!" ',
  "(see below)",
  "U.S. ",
  "J. K. Rowling",
  "🎉",
  "，",
  "。",
  "~",
  "`",
  "[",
  " ",
  "  \n",
)
const markdown = fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join(""))

describe("the sentence splitter", () => {
  it("keeps every character: the pieces put together are the text", () => {
    fc.assert(
      fc.property(fc.oneof(markdown, fc.string({ unit: "grapheme", maxLength: 300 })), (text) => {
        const pieces = split([text])
        expect(pieces.map((piece) => piece.text).join("")).toBe(text)
        for (const piece of pieces) expect(text.slice(piece.start, piece.end)).toBe(piece.text)
      }),
      { numRuns: 500 },
    )
  })

  it("cuts the same way however the text arrives", () => {
    fc.assert(
      fc.property(markdown, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }), (text, sizes) => {
        const whole = split([text])
        expect(split(text.split(""))).toEqual(whole)
        const parts: string[] = []
        let at = 0
        for (const size of sizes) {
          parts.push(text.slice(at, at + size))
          at += size
        }
        expect(split([...parts, text.slice(at)])).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })

  it("gives the first clause before the sentence is written", () => {
    const splitter = createSentenceSplitter()
    expect(splitter.push("Change the water filter every six months, or so")).toEqual([
      { text: "Change the water filter every six months,", start: 0, end: 41 },
    ])
  })

  it("does not start with a lone word", () => {
    expect(texts("Yes, you can do that, of course.")).toEqual(["Yes, you can do that, of course."])
  })

  it("ends sentences at marks, with the quotes, brackets and citations that follow", () => {
    expect(texts('It works. "Really?" Yes [1]. And then.[2] "Stop!" he said. Wait... what? Hm… Good.')).toEqual([
      "It works.",
      '"Really?"',
      "Yes [1].",
      "And then.[2]",
      '"Stop!" he said.',
      "Wait... what?",
      "Hm…",
      "Good.",
    ])
  })

  it("keeps numbers, abbreviations, initials and addresses whole", () => {
    for (const sentence of [
      "It costs $29.95 or 3.5 times less.",
      "Dr. Smith met J. K. Rowling in St. Louis on Jan. 5.",
      "Use e.g. the page at https://example.com/a.b?c=1.2 for it.",
      "See Fig. 3 and approx. No. 7 of example.com today.",
      "Run `npm i. And` now.",
    ])
      expect(texts(sentence)).toEqual([sentence])
  })

  it("does not cut a date at its comma", () => {
    expect(texts("The warranty ended on January 5, 2026 and not later.")).toHaveLength(1)
  })

  it("makes list items, headings, code and tables pieces of their own", () => {
    expect(
      texts(
        "## Steps\nDo this:\n\n1. Turn it off.\n2. Clean it\n- Dry it\n\n```js\na. B\n\nfoo()\n```\nDone.\n\n| a. B | c |\n|--|--|\n| 1 | 2 |\nEnd.",
      ),
    ).toEqual([
      "## Steps",
      "Do this:",
      "1. Turn it off.",
      "2. Clean it",
      "- Dry it",
      "```js\na. B\n\nfoo()\n```",
      "Done.",
      "| a. B | c |\n|--|--|\n| 1 | 2 |",
      "End.",
    ])
  })

  it("cuts an endless sentence at a clause, and at a word when there is none", () => {
    const clauses = "This part goes on for quite a while without an end, ".repeat(8)
    for (const piece of texts(clauses).slice(1)) expect(piece.length).toBeLessThan(230)
    for (const piece of texts("word ".repeat(300))) expect(piece.length).toBeLessThanOrEqual(325)
  })
})
