import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  acceptedExtensions,
  acceptedKinds,
  documentKinds,
  kindOfName,
  kindsByGroup,
  readableKinds,
} from "#contract/documentKinds.ts"
import { chunkDocument } from "#rag/chunk.ts"
import { formatOf, writeNumber } from "#rag/parse/numberFormat.ts"
import { readDocument } from "#rag/parse/readDocument.ts"
import { makeDocx, makePdf } from "../fakes/documents.ts"
import {
  emlText,
  goodFiles,
  makeEpub,
  makeMsg,
  makeOdt,
  makePptx,
  makeXlsx,
  mboxText,
  notebookText,
  pythonText,
  rssText,
  rtfText,
  subtitleText,
} from "../fakes/formatFiles.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (fileName: string, bytes: Uint8Array | string) =>
  readDocument({ fileName, bytes: typeof bytes === "string" ? utf8(bytes) : bytes })
const failure = (code: string) => expect.objectContaining({ code })

describe("the table of kinds", () => {
  it("names every extension once", () => {
    const all = acceptedExtensions().split(",")
    expect(new Set(all).size).toBe(all.length)
    for (const extension of all) expect(kindOfName(`x${extension}`)).not.toBeNull()
  })

  it("promises exactly the kinds that a good file of is read", async () => {
    const read = new Set<string>()
    for (const [fileName, bytes] of goodFiles()) read.add((await readDocument({ fileName, bytes })).kind)
    const promised = kindsByGroup().flatMap(({ kinds }) => kinds)
    // Recordings are read by speech-to-text, pictures with data that is installed apart.
    expect([...read, "audio", "image"].sort()).toEqual([...promised].sort())
    expect(readableKinds.filter((kind) => !promised.includes(kind))).toEqual([])
    expect(acceptedKinds()).toContain("png")
  })

  it("is what README.md and docs/rag.md tell", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
    const manual = readFileSync(new URL("../../docs/rag.md", import.meta.url), "utf8")
    for (const { group, kinds } of kindsByGroup()) {
      expect(readme).toContain(`| ${group} | ${kinds.map((kind) => documentKinds[kind].label).join(", ")} |`)
      for (const kind of kinds) {
        const row = kind === "code" ? "source code" : documentKinds[kind].extensions[0]
        expect(manual).toMatch(new RegExp(`^\\| [^|]*\\b${row}\\b`, "m"))
      }
    }
  })

  it("goes by whole names too, and by nothing it does not know", () => {
    expect(kindOfName("src/Makefile")).toBe("code")
    expect(kindOfName("README")).toBe("txt")
    expect(kindOfName("a/constructor")).toBeNull()
    expect(kindOfName("a.b/__proto__")).toBeNull()
  })
})

describe("PowerPoint", () => {
  it("keeps slides in the order shown, with bullets, tables, charts, descriptions, links and notes", async () => {
    const { kind, title, text, pages, pageCount, datedAt } = await read("a.pptx", makePptx())
    expect({ kind, title, pageCount }).toEqual({ kind: "pptx", title: "Boiler training", pageCount: 3 })
    expect(new Date(datedAt ?? 0).toISOString()).toBe("2026-03-04T05:06:07.000Z")
    expect(text).toBe(
      "## Boiler care\n\n- Shut the valve\n  - Wait ten minutes\n\nManual (https://example.org/manual)\n\nNotes: Mention the old burner.\n\n" +
        "## Intervals\n\n| Part | Every |\n| --- | --- |\n| Filter | 4 weeks |\n\nPicture: A valve, open\n\n" +
        "## Slide 3 (hidden slide)\n\nChart: Gas per year\n\n|  | kWh |\n| --- | --- |\n| 2025 | 9120 |",
    )
    expect(pages.map(({ page, start }) => [page, text.slice(start, start + 10)])).toEqual([
      [1, "## Boiler "],
      [2, "## Interva"],
      [3, "## Slide 3"],
    ])
  })
})

describe("Excel", () => {
  it("shows values as the sheet does, with title, link, comment and the hidden sheet by name", async () => {
    const { title, text, units } = await read("a.xlsx", makeXlsx())
    expect(title).toBe("Costs")
    expect(text).toBe(
      "## Costs 2026\n\nHousehold costs\n\n| Item | Paid on | Amount | Share |\n| --- | --- | --- | --- |\n" +
        "| Filter (https://example.org/filter) | 2026-03-03 | €1,234.50 | 25% |\n\n" +
        "|  |  |\n| --- | --- |\n| TRUE | Total \\| all |\n\nComment on C3: Checked by Ada\n\n" +
        "## Rates (hidden sheet)\n\n|  |  |\n| --- | --- |\n| 0.1 | 0.3 |",
    )
    expect(units.map((unit) => unit.rendered)).toContain(
      "Item: Filter (https://example.org/filter); Paid on: 2026-03-03; Amount: €1,234.50; Share: 25%",
    )
  })

  it("writes numbers by their format", () => {
    const cases: [format: string, value: string, shown: string][] = [
      ["General", "0.30000000000000004", "0.3"],
      ["0.00%", "0.1234", "12.34%"],
      ["#,##0", "-1234567.8", "-1,234,568"],
      ['0.0" kg"', "2.25", "2.3 kg"],
      ["yyyy-mm-dd hh:mm", "46084.5", "2026-03-03 12:00"],
      ["h:mm", "0.25", "06:00"],
      ["[h]:mm", "1.5", "36:00"],
      ["d/m/yy", "59", "1900-02-28"],
      ["@", "7", "7"],
      ["0", "not a number", "not a number"],
    ]
    for (const [format, value, shown] of cases) expect(writeNumber(value, formatOf(format), false)).toBe(shown)
    expect(writeNumber("0", formatOf("yyyy-mm-dd"), true)).toBe("1904-01-01")
  })
})

describe("CSV", () => {
  it("finds delimiter, quotes, header and encoding", async () => {
    const rows = "| Part | Note |\n| --- | --- |\n| Filter | a, b; c |\n| Seal | two lines |"
    const variants: (string | Uint8Array)[] = [
      'Part,Note\nFilter,"a, b; c"\nSeal,"two\nlines"\n',
      'Part;Note\r\nFilter;"a, b; c"\r\nSeal;"two\r\nlines"\r\n',
      "Part\tNote\nFilter\ta, b; c\nSeal\ttwo lines\n",
      Buffer.from('\ufeffPart,Note\nFilter,"a, b; c"\nSeal,"two\nlines"\n', "utf16le"),
    ]
    for (const variant of variants) expect((await read("a.csv", variant)).text).toBe(rows)
    // 名前,年齢 / 佐藤,30 in Shift JIS.
    const shiftJis = Buffer.from("96bc914f2c944e97ee0a8db293a12c33300a8eb693632c32350a", "hex")
    expect((await read("b.csv", shiftJis)).text).toContain("| 名前 | 年齢 |")
    expect((await read("c.csv", "1,2\n3,4\n")).units.map((unit) => unit.rendered)).toEqual(["1: 2", "3: 4"])
  })
})

describe("EPUB", () => {
  it("reads chapters in reading order and titles them", async () => {
    const { title, text } = await read("a.epub", makeEpub())
    expect(title).toBe("The Valve")
    expect(text).toBe("# The calm\n\nNothing dripped.\n\n# The flood\n\nWater came in.")
  })

  it("refuses protected chapters, not scrambled fonts", async () => {
    const encryption = (algorithm: string) => ({
      "META-INF/encryption.xml": `<encryption><EncryptedData><EncryptionMethod Algorithm="${algorithm}"/></EncryptedData></encryption>`,
    })
    const aes = makeEpub(encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc"))
    await expect(read("a.epub", aes)).rejects.toEqual(failure("document.encrypted"))
    const fonts = makeEpub(encryption("http://www.idpf.org/2008/embedding"))
    expect((await read("a.epub", fonts)).title).toBe("The Valve")
  })
})

describe("mail", () => {
  it("keeps headers, text and readable attachments, and names the others", async () => {
    const { title, text, datedAt } = await read("a.eml", emlText)
    expect(title).toBe("Filter order")
    expect(new Date(datedAt ?? 0).toISOString()).toBe("2026-03-03T08:30:00.000Z")
    expect(text).toBe(
      "# Filter order\n\nFrom: Ada Lö <ada@example.org>\nTo: Ben <ben@example.org>, cleo@example.org\nDate: 2026-03-03 08:30 UTC\n\n" +
        "Please order two filters.\n\n## Attachment: prices.csv (34 bytes)\n\n| Part | Price |\n| --- | --- |\n| Filter | 12,50 |\n| Seal | 3,20 |\n\n" +
        "Attachments not read: valve.png (70 bytes)",
    )
  })

  it("prefers HTML where it holds a table", async () => {
    const html = emlText.replace(
      "Content-Type: text/plain; charset=utf-8\r\n\r\nPlease order two filters.",
      "Content-Type: text/html\r\n\r\n<p>See <a href='https://example.org/x'>the list</a></p><table><tr><td>Part</td><td>Price</td></tr><tr><td>Seal</td><td>3</td></tr></table>",
    )
    const { text } = await read("a.eml", html)
    expect(text).toContain("See the list (https://example.org/x)")
    expect(text).toContain("| Seal | 3 |")
  })

  it("splits a mailbox into its messages", async () => {
    const { text, sections } = await read("a.mbox", mboxText)
    expect(sections.map((section) => section.headingPath.join())).toEqual(["", "First", "Second"])
    expect(text).toContain("From now on quoted.")
  })

  it("reads what Outlook saves", async () => {
    const { kind, title, text } = await read("a.msg", makeMsg())
    expect({ kind, title }).toEqual({ kind: "msg", title: "Key handover" })
    expect(text).toContain("From: Ada <ada@example.org>")
    expect(text).toContain("The key lies in the grey box.")
  })

  it("stops at mail in mail in mail", async () => {
    let inner = emlText
    for (let depth = 0; depth < 12; depth++) {
      inner = `From: a@b.c\nSubject: level ${depth}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x${depth}"\n\n--x${depth}\nContent-Type: application/octet-stream; name="m.eml"\nContent-Disposition: attachment; filename="m.eml"\nContent-Transfer-Encoding: base64\n\n${Buffer.from(inner).toString("base64")}\n--x${depth}--\n`
    }
    const { text } = await read("a.eml", inner)
    expect(text).toContain("level 11")
    expect(text).toContain("level 9")
    expect(text).not.toContain("level 5")
  })
})

describe("RTF", () => {
  it("keeps headings, accents, tables and notes, and opens nothing embedded", async () => {
    const { title, text } = await read("a.rtf", rtfText)
    expect(title).toBe("Boiler notes")
    expect(text).toBe(
      "# Boiler care\n\nCafé €20 a year. [1] Done.\n\n| Part | Every |\n| --- | --- |\n| Filter | 4 weeks |\n\nAfter the table.\n\n## Notes\n\n[1] See page 4.",
    )
  })
})

describe("OpenDocument", () => {
  it("keeps headings, lists, tables, notes and links", async () => {
    const { title, text } = await read("a.odt", makeOdt())
    expect(title).toBe("House notes")
    expect(text).toBe(
      "## Roof\n\nChecked twice [1], see the report (https://example.org/roof).\n\n- Tiles\n  - Red ones\n\n| Part | Age |\n| --- | --- |\n| Gutter | 9 years |\n\n## Notes\n\n[1] By Ben.",
    )
  })

  it("says that it is protected", async () => {
    const bytes = makeOdt("", "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>")
    await expect(read("a.odt", bytes)).rejects.toEqual(failure("document.encrypted"))
  })
})

describe("Word", () => {
  const math = `<m:oMath xmlns:m="m"><m:r><m:t>x=</m:t></m:r><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>`
  const namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
  it("keeps footnotes, comments and equations", async () => {
    const bytes = makeDocx(
      `<w:p><w:r><w:t>Shut it</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p><w:p>${math}</w:p>`,
      {
        "word/footnotes.xml": utf8(
          `<w:footnotes xmlns:w="${namespace}"><w:footnote w:id="2"><w:p><w:r><w:t>Left valve.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
        ),
        "word/comments.xml": utf8(
          `<w:comments xmlns:w="${namespace}"><w:comment w:id="0" w:author="Ada" w:initials="A"><w:p><w:r><w:t>Really?</w:t></w:r></w:p></w:comment></w:comments>`,
        ),
        "word/_rels/document.xml.rels": utf8(
          `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="f" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/><Relationship Id="c" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments" Target="comments.xml"/></Relationships>`,
        ),
      },
    )
    const { text } = await read("a.docx", bytes)
    expect(text).toContain("x=(a+b)/2")
    expect(text).toMatch(/## Notes\n\n1\. {1,2}Left valve\./)
    expect(text).toMatch(/## Comments\n\n\[comment A?1\] Really\?/)
  })
})

describe("PDF", () => {
  it("reads two columns one after the other, below a title over both", async () => {
    const lines = (x: number, words: string) =>
      [1, 2, 3, 4, 5, 6].map((n) => ({
        text: `${words} line ${n} tells how the old boiler is cared for`,
        x,
        y: 700 - n * 14,
      }))
    const left = lines(50, "left")
    const right = lines(310, "right")
    const woven = left.flatMap((line, index) => [line, right[index] as (typeof right)[number]])
    const { text } = await read("a.pdf", makePdf([[{ text: "A title over both", x: 50, y: 760, size: 20 }, ...woven]]))
    expect(text.startsWith("# A title over both")).toBe(true)
    const order = [...text.matchAll(/(left|right) line (\d)/g)].map(([, side, n]) => `${side}${n}`)
    expect(order).toEqual([..."123456"].map((n) => `left${n}`).concat([..."123456"].map((n) => `right${n}`)))
  })
})

describe("notebooks", () => {
  it("keep text, code and the text of outputs", async () => {
    const { text } = await read("a.ipynb", notebookText)
    expect(text).toBe(
      "# Flow\nLitres per day.\n\n```python\nprint(3 * 4)\n```\n\nOutput:\n\n```\n12\nValueError: too dry\n```",
    )
  })
})

describe("JSON and XML", () => {
  it("gives records as rows, names as headings, and JSON Lines", async () => {
    const { text, units } = await read(
      "a.json",
      JSON.stringify({
        house: "Oak 4",
        costs: [
          { part: "Filter", price: 12 },
          { part: "Seal", price: 3, note: "old" },
        ],
      }),
    )
    expect(text).toBe("- house: Oak 4\n- costs: part: Filter; price: 12, part: Seal; price: 3; note: old")
    const rows = await read("a.jsonl", '{"part":"Filter","price":12}\n{"part":"Seal","price":3}\n')
    expect(rows.units.map((unit) => unit.rendered)).toEqual(["part: Filter; price: 12", "part: Seal; price: 3"])
    expect(units.length).toBe(2)
    await expect(read("b.json", "{nope")).rejects.toEqual(failure("document.damaged"))
  })

  it("reads a feed entry by entry", async () => {
    const { title, text, datedAt } = await read("a.xml", rssText)
    expect(title).toBe("House news")
    expect(datedAt).toBe(Date.UTC(2026, 2, 3, 9, 30))
    expect(text).toBe(
      "# House news\n\nAll of it\n\n## Leak found\n\nDate: 2026-03-03\nAddress: https://example.org/leak\n\nIt was the **seal**.",
    )
  })

  it("gives any other XML by the names of its elements", async () => {
    const { text } = await read(
      "a.xml",
      `<?xml version="1.0"?><house id="4"><roof><age>9</age></roof><note>Wet &amp; cold</note></house>`,
    )
    expect(text).toContain("- id: 4\n- note: Wet & cold")
    expect(text).toContain("- age: 9")
  })
})

describe("source code", () => {
  it("splits at declarations, with the comments above them, and changes nothing", async () => {
    const { text, sections, units } = await read("a.py", pythonText)
    expect(text).toBe(pythonText)
    expect(sections.map(({ headingPath, start }) => [headingPath.join(" "), text.slice(start, start + 8)])).toEqual([
      ["", '"""Doc."'],
      ["read_file", "# Reads "],
      ["Store", "class St"],
      ["Store write", "    asyn"],
    ])
    expect(units.every((unit) => unit.kind === "code")).toBe(true)
  })

  it("knows the declarations of many languages", async () => {
    const cases: [fileName: string, source: string, names: string[]][] = [
      [
        "a.ts",
        "export interface A {\n}\n\nexport async function go<T>(a: T) {\n}\n\nconst make = () => {\n}\n",
        ["A", "go", "make"],
      ],
      [
        "a.c",
        "static int add(int a, int b)\n{\n  if (a) {\n    return b;\n  }\n}\nint main(void) {\n}\n",
        ["add", "main"],
      ],
      ["A.java", "public final class Cart<T> extends Base {\n  public int total() {\n  }\n}\n", ["Cart<T>", "total"]],
      ["a.go", "func (s *Store) Get(id string) error {\n}\n\ntype Store struct {\n}\n", ["Get", "Store"]],
      [
        "a.rs",
        "pub fn run() {\n}\n\nimpl Display for Cart {\n    fn fmt(&self) {\n    }\n}\n",
        ["run", "Display for Cart", "fmt"],
      ],
      ["a.sql", "CREATE TABLE IF NOT EXISTS parts (\n  id INT\n);\n", ["parts"]],
      ["a.toml", "[server]\nport = 1\n", ["server"]],
    ]
    for (const [fileName, source, names] of cases) {
      const { sections } = await read(fileName, source)
      expect([fileName, ...sections.flatMap(({ headingPath }) => headingPath.at(-1) ?? [])]).toEqual([
        fileName,
        ...names,
      ])
    }
  })
})

describe("subtitles", () => {
  it("keeps speakers and times, and chunks carry them", async () => {
    const parsed = await read("a.vtt", subtitleText)
    expect(parsed.text).toBe("Ada: The filter is changed every four weeks.\nThen rinse it.\n\nLater on.")
    expect(parsed.times).toEqual([
      { start: 0, startMs: 1000, endMs: 4200 },
      { start: 45, startMs: 4500, endMs: 6000 },
      { start: 61, startMs: 80_000, endMs: 82_000 },
    ])
    const words = async (texts: string[]) => texts.map((text) => text.split(/\s+/).length)
    const chunks = await chunkDocument(parsed, words, { targetTokens: 11, overlapTokens: 0 })
    expect(chunks.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [1000, 6000],
      [80_000, 82_000],
    ])
    const srt = subtitleText.replace("WEBVTT\n\n", "").replaceAll(/(\d\d)\.(\d{3})/g, "$1,$2")
    expect((await read("a.srt", srt)).times).toEqual(parsed.times)
  })
})

describe("web pages", () => {
  it("carry the date they name, however they name it", async () => {
    const page = (head: string, body = "") =>
      `<!doctype html><html><head><title>t</title>${head}</head><body><article>${body}<p>Shut the valve.</p></article></body></html>`
    const dated = Date.UTC(2026, 2, 3)
    const variants = [
      page(
        '<meta property="article:published_time" content="2026-03-03T00:00:00Z">',
        '<time datetime="2020-01-01">old</time>',
      ),
      page('<meta name="date" content="2026-03-03">'),
      page("", '<time datetime="2026-03-03">3 March</time>'),
      page('<script type="application/ld+json">{"@type":"Article","datePublished":"2026-03-03"}</script>'),
    ]
    for (const html of variants) expect((await read("a.html", html)).datedAt).toBe(dated)
    expect((await read("a.html", page('<meta name="date" content="some day">'))).datedAt).toBeNull()
  })
})

describe("pictures", () => {
  it("are named for what they are, with a way out", async () => {
    const [, , body = ""] = emlText.split("valve.png")
    const png = Buffer.from(/iVBOR\S+/.exec(emlText + body)?.[0] ?? "", "base64")
    await expect(read("a.png", png)).rejects.toMatchObject({ code: "document.unsupported", remedy: /OCR/ })
  })
})
