import { describe, expect, it } from "vitest"
import { readDocument } from "#rag/parse/readDocument.ts"
import { makeDocx, makePdf, makeZipBomb, wordParagraph, wordTable } from "../fakes/documents.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (fileName: string, bytes: Uint8Array | string) =>
  readDocument({ fileName, bytes: typeof bytes === "string" ? utf8(bytes) : bytes })
const failure = (code: string) => expect.objectContaining({ code })

describe("plain text", () => {
  it("reads UTF-8, UTF-16 with and without a mark, and Latin-1", async () => {
    const text = "Größe: zwölf Meter. It is twelve metres long."
    const utf16 = Buffer.from(text, "utf16le")
    const encodings = [
      utf8(text),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), utf8(text)]),
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]),
      utf16,
      Buffer.from(text, "latin1"),
    ]
    for (const bytes of encodings) expect((await read("size.txt", bytes)).text).toBe(text)
  })

  it("takes lines in capitals that stand alone as headings", async () => {
    const { sections } = await read("a.txt", "SAFETY\n\nKeep it dry.\n\nCLEANING\n\nWipe it.")
    expect(sections.map((section) => section.headingPath.join())).toEqual(["", "SAFETY", "CLEANING"])
  })
})

describe("Markdown", () => {
  it("nests headings and gives table rows as column and value", async () => {
    const { title, sections, units } = await read(
      "m.md",
      "---\ntitle: The manual\n---\n# Manual\n\nIntro.\n\n## Care\n\n| Part | Every |\n| --- | --- |\n| Filter | 4 weeks |\n| Lid \\| cap | |\n",
    )
    expect(title).toBe("The manual")
    expect(sections.at(-1)?.headingPath).toEqual(["Manual", "Care"])
    expect(units.filter((unit) => unit.kind === "row").map((unit) => unit.rendered)).toEqual([
      "Part: Filter; Every: 4 weeks",
      "Part: Lid | cap",
    ])
  })

  it("stays fast on lines made to slow down patterns", async () => {
    const hostile = ["| ", " ", "# ", "-", "`", "[", "a: "].map((piece) => piece.repeat(100_000)).join("\n")
    expect((await read("slow.md", hostile)).units.length).toBeGreaterThan(0)
  })

  it.each(["holds pressure ", "see Fig. ", "x", '{"key":12.5},'])("reads 15 MB in one line of %j", async (piece) => {
    const line = piece.repeat(15e6 / piece.length)
    const { units } = await read("line.txt", line)
    expect(units.length).toBeGreaterThan(25_000)
    expect(units.at(-1)?.end).toBe(line.trimEnd().length)
  })
})

describe("HTML", () => {
  it("keeps title, headings and tables, and drops scripts and menus", async () => {
    const { kind, title, text } = await read(
      "page.html",
      "<!doctype html><html><head><title>Care guide</title></head><body><nav>Home Shop</nav><h1>Care</h1><p>Wash it <b>weekly</b>.</p>" +
        "<table><tr><th>Part</th><th>Every</th></tr><tr><td>Filter</td><td>4 weeks</td></tr></table><script>steal()</script></body></html>",
    )
    expect(kind).toBe("html")
    expect(title).toBe("Care guide")
    expect(text).toContain("Wash it **weekly**.")
    expect(text).toContain("| Filter | 4 weeks |")
    expect(text).not.toMatch(/steal|Home Shop/)
  })
})

describe("PDF", () => {
  it("gives pages, headings by type size, joined lines and tables", async () => {
    const bytes = makePdf([
      [
        { text: "Care", x: 50, y: 780, size: 20 },
        { text: "The filter is changed every", x: 50, y: 740 },
        { text: "four weeks or after 150 lit-", x: 50, y: 726 },
        { text: "res of water.", x: 50, y: 712 },
      ],
      [
        { text: "Part", x: 50, y: 780 },
        { text: "Every", x: 250, y: 780 },
        { text: "Filter", x: 50, y: 764 },
        { text: "4 weeks", x: 250, y: 764 },
        { text: "Battery", x: 50, y: 748 },
        { text: "3 years", x: 250, y: 748 },
      ],
    ])
    const { kind, text, pages, pageCount, units } = await read("care.pdf", bytes)
    expect(kind).toBe("pdf")
    expect(pageCount).toBe(2)
    expect(text.slice(0, pages[1]?.start)).toContain(
      "# Care\n\nThe filter is changed every four weeks or after 150 litres of water.",
    )
    expect(text.slice(pages[1]?.start)).toContain("| Filter | 4 weeks |")
    expect(units.map((unit) => unit.rendered)).toContain("Part: Battery; Every: 3 years")
  })

  it("says what is wrong with an encrypted, a scanned and a cut-off one", async () => {
    const page = [{ text: "Secret", x: 50, y: 700 }]
    await expect(read("a.pdf", makePdf([page], { isEncrypted: true }))).rejects.toEqual(failure("document.encrypted"))
    await expect(read("b.pdf", makePdf([[], []]))).rejects.toEqual(failure("document.no-text"))
    await expect(read("c.pdf", makePdf([page]).subarray(0, 120))).rejects.toEqual(failure("document.damaged"))
  })
})

describe("DOCX", () => {
  it("keeps headings and tables", async () => {
    const body =
      wordParagraph("Care", "Heading1") +
      wordParagraph("Wash weekly.") +
      wordTable([
        ["Part", "Every"],
        ["Filter", "4 weeks"],
      ])
    const { kind, text, sections } = await read("care.docx", makeDocx(body))
    expect(kind).toBe("docx")
    expect(text).toBe("# Care\n\nWash weekly.\n\n| Part | Every |\n| --- | --- |\n| Filter | 4 weeks |")
    expect(sections.at(-1)?.headingPath).toEqual(["Care"])
  })

  it("refuses a zip bomb before unpacking it, and a cut-off file", async () => {
    await expect(read("bomb.docx", makeZipBomb(70))).rejects.toEqual(failure("document.too-large"))
    await expect(read("cut.docx", makeDocx(wordParagraph("Text")).subarray(0, 300))).rejects.toEqual(
      failure("document.damaged"),
    )
  })
})

describe("any file", () => {
  it("believes the content, not the extension", async () => {
    expect((await read("wrong.txt", makePdf([[{ text: "Really a PDF", x: 50, y: 700 }]]))).kind).toBe("pdf")
    expect((await read("wrong.pdf", makeDocx(wordParagraph("Really a DOCX")))).kind).toBe("docx")
    expect((await read("wrong.docx", "<!doctype html><html><body><p>Really a page.</p></body></html>")).kind).toBe(
      "html",
    )
    expect((await read("wrong.pdf", "Really plain text.")).kind).toBe("txt")
  })

  it("refuses empty, unknown and disguised ones", async () => {
    await expect(read("empty.md", "")).rejects.toEqual(failure("document.empty"))
    await expect(read("blank.txt", " \n\n ")).rejects.toEqual(failure("document.empty"))
    const picture = Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489", "hex")
    await expect(read("picture.pdf", picture)).rejects.toEqual(failure("document.unsupported"))
    const noise = Uint8Array.from({ length: 2000 }, (_, index) => (index * 7919) % 32)
    await expect(read("noise.txt", noise)).rejects.toEqual(failure("document.unsupported"))
    await expect(read("noise.pdf", noise)).rejects.toEqual(failure("document.damaged"))
  })
})
