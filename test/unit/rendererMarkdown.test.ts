import fc from "fast-check"
import type { Root } from "hast"
import rehypeSanitize from "rehype-sanitize"
import remarkGfm from "remark-gfm"
import remarkParse from "remark-parse"
import remarkRehype from "remark-rehype"
import { unified } from "unified"
import { describe, expect, it } from "vitest"
import type { CitedSpan } from "#contract/turns.ts"
import { placeSpans } from "../../renderer/features/chat/placeSpans.ts"
import { splitBlocks } from "../../renderer/features/chat/splitBlocks.ts"

describe("splitBlocks", () => {
  it("gives every character to exactly one block", () => {
    const line = fc.constantFrom(
      "",
      "text",
      "```",
      "~~~js",
      "- item",
      "  more",
      "1. one",
      "| a | b |",
      "# head",
      "   ",
      "````",
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const markdown = lines.join("\n")
        const blocks = splitBlocks(markdown)
        expect(blocks.map((block) => block.text).join("")).toBe(markdown)
        for (const block of blocks)
          expect(markdown.slice(block.start, block.start + block.text.length)).toBe(block.text)
      }),
    )
  })

  it("keeps fences, loose lists and tables in one piece", () => {
    expect(splitBlocks("```js\na\n\nb\n```\n\nafter").map((block) => block.text)).toEqual([
      "```js\na\n\nb\n```\n\n",
      "after",
    ])
    expect(splitBlocks("1. one\n\n2. two\n\n   more\n\nafter").map((block) => block.text)).toEqual([
      "1. one\n\n2. two\n\n   more\n\n",
      "after",
    ])
    expect(splitBlocks("| a |\n|---|\n| b |")).toHaveLength(1)
  })

  it("never changes an earlier block when text is added at the end", () => {
    const text = "One.\n\n- a\n- b\n\n```\ncode\n\nmore\n```\n\nLast one here."
    const whole = splitBlocks(text)
    for (let length = 1; length < text.length; length++) {
      const blocks = splitBlocks(text.slice(0, length))
      const settled = blocks.slice(0, -2)
      for (const [index, block] of settled.entries()) expect(block).toEqual(whole[index])
    }
  })
})

/** The text of an answer with `[1,2]` for numerals and `<…>` around marked sentences. */
function render(markdown: string, spans: CitedSpan[], lit: { start: number; end: number } | null = null): string {
  const processor = unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(remarkRehype)
    .use(rehypeSanitize)
    .use(placeSpans, { spans, offset: 0, lit })
  const write = (node: Root | Root["children"][number]): string => {
    if (node.type === "text") return node.value
    if (node.type !== "element" && node.type !== "root") return ""
    const inside = node.children.map((child) => write(child as Root["children"][number])).join("")
    if (node.type === "root") return inside
    if (node.tagName === "zg-cite") return `[${String(node.properties.dataNumbers)}]`
    if (node.tagName === "zg-unsupported") return `<${inside}>`
    if (node.tagName === "zg-lit") return `*${inside}*`
    return inside
  }
  return write(processor.runSync(processor.parse(markdown))).trim()
}

const span = (text: string, sentence: string, citations: number[]): CitedSpan => ({
  start: text.indexOf(sentence),
  end: text.indexOf(sentence) + sentence.length,
  citations,
  supported: citations.length > 0,
  ...(citations.length > 0 ? {} : { reason: "nothing says so" }),
})

describe("placeSpans", () => {
  it("puts numerals behind the sentences they support", () => {
    const text = "First one. Second one."
    expect(render(text, [span(text, "First one.", [1]), span(text, "Second one.", [2, 3])])).toBe(
      "First one.[1] Second one.[2,3]",
    )
  })

  it("shows a quotation's own mark once, as the numeral", () => {
    const text = "“Change it monthly.” [1] “Rinse it.” [2]"
    expect(render(text, [span(text, "“Change it monthly.” [1]", [1]), span(text, "“Rinse it.” [2]", [2])])).toBe(
      "“Change it monthly.”[1] “Rinse it.”[2]",
    )
  })

  it("finds sentences that end inside or across markup", () => {
    const text = "Change it **every six months.** Use `this` one."
    expect(render(text, [span(text, "Change it **every six months.**", [1]), span(text, "Use `this` one.", [2])])).toBe(
      "Change it every six months.[1] Use this one.[2]",
    )
  })

  it("stays at the sentence in lists, and behind code", () => {
    const list = "- One thing.\n- Another thing."
    expect(render(list, [span(list, "One thing.", [1]), span(list, "Another thing.", [2])])).toBe(
      "One thing.[1]\nAnother thing.[2]",
    )
    const code = "Run:\n\n```\nnpm test\n```"
    expect(render(code, [span(code, "npm test\n```", [1])])).toContain("npm test\n[1]")
  })

  it("marks unsupported sentences whole, and the sentence being heard", () => {
    const text = "Known. Guessed here."
    expect(render(text, [span(text, "Known.", [1]), span(text, "Guessed here.", [])])).toBe("Known.[1] <Guessed here.>")
    expect(render(text, [], { start: 0, end: 6 })).toBe("*Known.* Guessed here.")
  })

  it("loses no text whatever the spans are", () => {
    const text = "Some *text* with `code`, a [link](https://a.test) and &amp; entities. And more."
    const plain = render(text, [])
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(90), fc.nat(90), fc.boolean()), { maxLength: 6 }), (ranges) => {
        const spans = ranges.map(([a, b, supported]) => ({
          start: Math.min(a, b),
          end: Math.max(a, b),
          supported,
          citations: supported ? [1] : [],
        }))
        expect(render(text, spans).replace(/\[1\]|[<>]/g, "")).toBe(plain)
      }),
    )
  })
})
