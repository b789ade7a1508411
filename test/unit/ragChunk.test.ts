import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { chunkDocument } from "#rag/chunk.ts"
import { unitsOf } from "#rag/parse/units.ts"

const countTokens = async (texts: string[]): Promise<number[]> => texts.map((text) => Math.ceil(text.length / 4))
const chunk = (text: string, pages: { page: number; start: number }[] = []) =>
  chunkDocument({ text, pages, ...unitsOf(text) }, countTokens)

const word = fc.stringMatching(/^[a-zà-ÿ]{1,12}$/)
const sentence = fc.array(word, { minLength: 1, maxLength: 25 }).map((words) => `${words.join(" ")}.`)
const paragraph = fc.array(sentence, { minLength: 1, maxLength: 12 }).map((sentences) => sentences.join(" "))
const heading = fc.tuple(fc.integer({ min: 1, max: 4 }), word).map(([level, title]) => `${"#".repeat(level)} ${title}`)
const list = fc
  .array(sentence, { minLength: 1, maxLength: 8 })
  .map((items) => items.map((item) => `- ${item}`).join("\n"))
const table = fc
  .array(fc.tuple(word, word), { minLength: 1, maxLength: 40 })
  .map((rows) => ["| one | two |", "| --- | --- |", ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join("\n"))
const prose = fc.array(fc.oneof(paragraph, heading, list, fc.string({ unit: "binary", maxLength: 300 })), {
  maxLength: 12,
})
const mixed = fc.array(fc.oneof(paragraph, heading, list, table), { maxLength: 12 })

describe("chunks", () => {
  it("are exact pieces of the text where there is no table", async () => {
    await fc.assert(
      fc.asyncProperty(prose, async (blocks) => {
        const text = blocks.join("\n\n").replaceAll("|", "/")
        for (const { start, end, text: piece } of await chunk(text)) expect(text.slice(start, end)).toBe(piece)
      }),
      { numRuns: 150 },
    )
  })

  it("lose no word of any text", async () => {
    await fc.assert(
      fc.asyncProperty(mixed, async (blocks) => {
        const text = blocks.join("\n\n")
        const chunks = await chunk(text)
        const found = new Set(
          chunks.flatMap((piece) => [...piece.headingPath, piece.text].join(" ").match(/\p{L}+/gu) ?? []),
        )
        for (const each of text.match(/\p{L}+/gu) ?? []) expect(found).toContain(each)
      }),
      { numRuns: 150 },
    )
  })

  it("come in order, inside the text, without half surrogate pairs, and of a bounded size", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 6000 }), async (text) => {
        let last = -1
        for (const piece of await chunk(text)) {
          expect(piece.start).toBeGreaterThan(last)
          expect(piece.end).toBeGreaterThan(piece.start)
          expect(piece.end).toBeLessThanOrEqual(text.length)
          expect(piece.tokenCount).toBeLessThanOrEqual(230)
          expect(piece.text.isWellFormed()).toBe(text.isWellFormed())
          last = piece.start
        }
      }),
      { numRuns: 100 },
    )
  })

  it("never mix sections of some size, and name the headings above them", async () => {
    const body = "This sentence fills the section with a good number of words. ".repeat(5).trim()
    const text = `# Manual\n\n${body}\n\n## Care\n\n${body}\n\n### Filter\n\n${body}\n\n## Repair\n\n${body}`
    expect((await chunk(text)).map((piece) => piece.headingPath.join(" > "))).toEqual([
      "Manual",
      "Manual > Care",
      "Manual > Care > Filter",
      "Manual > Repair",
    ])
  })

  it("join sections of a few words and show their headings in the text", async () => {
    const text = "# Manual\n\n## Weight\n\n3 kg.\n\n## Colour\n\nBlue."
    const chunks = await chunk(text)
    expect(chunks).toHaveLength(1)
    expect(chunks[0]?.headingPath).toEqual(["Manual"])
    expect(chunks[0]?.text).toBe("## Weight\n\n3 kg.\n\n## Colour\n\nBlue.")
  })

  it("keep a table together, and repeat its columns where it must be split", async () => {
    const rows = (count: number) => Array.from({ length: count }, (_, row) => `| part ${row} | every ${row} weeks |`)
    const grid = (count: number) => ["| Name | Interval |", "| --- | --- |", ...rows(count)].join("\n")
    const intro = "An introduction of a few words stands before the table here. ".repeat(9).trim()
    const small = await chunk(`${intro}\n\n${grid(10)}`)
    expect(small.at(-1)?.text.match(/^Name: part \d+; Interval: every \d+ weeks$/gm)).toHaveLength(10)
    const large = await chunk(grid(60))
    expect(large.length).toBeGreaterThan(1)
    for (const piece of large) {
      for (const line of piece.text.split("\n")) expect(line).toMatch(/^Name: part \d+; Interval: every \d+ weeks$/)
    }
  })

  it("repeat whole sentences between neighbours of one section", async () => {
    const text = Array.from({ length: 60 }, (_, n) => `Sentence number ${n} says one thing.`).join(" ")
    const chunks = await chunk(text)
    expect(chunks.length).toBeGreaterThan(1)
    for (const [index, piece] of chunks.entries()) {
      expect(piece.text).toMatch(/^Sentence number .* thing\.$/s)
      const next = chunks[index + 1]
      if (next) expect(next.start).toBeLessThan(piece.end)
    }
  })

  it("carry the page they begin on", async () => {
    const first = "Alpha is on the first page. ".repeat(40).trim()
    const text = `${first}\n\n# Two\n\nBeta is on the second page and has a sentence.`
    const start = text.indexOf("# Two")
    const pages = [
      { page: 1, start: 0 },
      { page: 2, start },
    ]
    const chunks = await chunk(text, pages)
    expect(chunks[0]?.page).toBe(1)
    expect(chunks.at(-1)?.page).toBe(2)
  })
})
