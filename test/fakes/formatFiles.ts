import { burn, type Entry } from "@kenjiuno/msgreader/lib/Burner.js"
import { strToU8, zipSync } from "fflate"
import { makeDocx, makePdf, wordParagraph, wordTable } from "./documents.ts"

const zip = (parts: Record<string, string>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, strToU8(text)])))

const relations = (entries: readonly [id: string, type: string, target: string, mode?: string][]): string =>
  `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${entries
    .map(
      ([id, type, target, mode]) =>
        `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}"${mode ? ` TargetMode="${mode}"` : ""}/>`,
    )
    .join("")}</Relationships>`

const contentTypes = (main: string, part: string): string =>
  `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/${part}" ContentType="${main}"/></Types>`

const core = (title: string): string =>
  `<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>${title}</dc:title><dcterms:modified>2026-03-04T05:06:07Z</dcterms:modified></cp:coreProperties>`

const paragraph = (text: string, level = 0): string => `<a:p><a:pPr lvl="${level}"/><a:r><a:t>${text}</a:t></a:r></a:p>`

const shape = (type: string, ...paragraphs: string[]): string =>
  `<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:nvPr>${type ? `<p:ph type="${type}"/>` : ""}</p:nvPr></p:nvSpPr><p:txBody>${paragraphs.join("")}</p:txBody></p:sp>`

const slide = (body: string, attributes = ""): string =>
  `<p:sld xmlns:p="p" xmlns:a="a" xmlns:r="r" ${attributes}><p:cSld><p:spTree>${body}</p:spTree></p:cSld></p:sld>`

/** Three slides, listed in another order than their files: bullets and notes, a table with a picture, a hidden one with a chart. */
export const makePptx = (): Uint8Array =>
  zip({
    "[Content_Types].xml": contentTypes(
      "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
      "ppt/presentation.xml",
    ),
    "_rels/.rels": relations([["r1", "officeDocument", "ppt/presentation.xml"]]),
    "docProps/core.xml": core("Boiler training"),
    "ppt/presentation.xml": `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId id="256" r:id="b"/><p:sldId id="257" r:id="a"/><p:sldId id="258" r:id="c"/></p:sldIdLst></p:presentation>`,
    "ppt/_rels/presentation.xml.rels": relations([
      ["a", "slide", "slides/slide1.xml"],
      ["b", "slide", "slides/slide2.xml"],
      ["c", "slide", "slides/slide3.xml"],
    ]),
    "ppt/slides/slide1.xml": slide(
      shape("title", paragraph("Intervals")) +
        `<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody>${paragraph("Part")}</a:txBody></a:tc><a:tc><a:txBody>${paragraph("Every")}</a:txBody></a:tc></a:tr><a:tr><a:tc><a:txBody>${paragraph("Filter")}</a:txBody></a:tc><a:tc><a:txBody>${paragraph("4 weeks")}</a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>` +
        `<p:pic><p:nvPicPr><p:cNvPr id="4" name="p" descr="A valve, open"/></p:nvPicPr></p:pic>` +
        shape("sldNum", paragraph("7")),
    ),
    "ppt/slides/slide2.xml": slide(
      shape("ctrTitle", paragraph("Boiler care")) +
        shape("body", paragraph("Shut the valve"), paragraph("Wait ten minutes", 1)) +
        `<p:grpSp>${shape("", `<a:p><a:r><a:rPr><a:hlinkClick r:id="l"/></a:rPr><a:t>Manual</a:t></a:r></a:p>`)}</p:grpSp>`,
    ),
    "ppt/slides/_rels/slide2.xml.rels": relations([
      ["n", "notesSlide", "../notesSlides/notesSlide1.xml"],
      ["l", "hyperlink", "https://example.org/manual", "External"],
    ]),
    "ppt/notesSlides/notesSlide1.xml": slide(shape("body", paragraph("Mention the old burner."))),
    "ppt/slides/slide3.xml": slide(
      `<p:graphicFrame><a:graphic><a:graphicData><c:chart xmlns:c="c" r:id="k"/></a:graphicData></a:graphic></p:graphicFrame>`,
      `show="0"`,
    ),
    "ppt/slides/_rels/slide3.xml.rels": relations([["k", "chart", "../charts/chart1.xml"]]),
    "ppt/charts/chart1.xml": `<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:title><c:tx><c:rich>${paragraph("Gas per year")}</c:rich></c:tx></c:title><c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx="0"><c:v>kWh</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>2025</c:v></c:pt></c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>9120</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>`,
  })

/** A sheet with a title, dates, money, a share, a formula's result, a link and a comment; a hidden second sheet. */
export const makeXlsx = (): Uint8Array =>
  zip({
    "[Content_Types].xml": contentTypes(
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
      "xl/workbook.xml",
    ),
    "_rels/.rels": relations([["r1", "officeDocument", "xl/workbook.xml"]]),
    "docProps/core.xml": core("Costs"),
    "xl/workbook.xml": `<workbook xmlns="m" xmlns:r="r"><sheets><sheet name="Costs 2026" sheetId="1" r:id="a"/><sheet name="Rates" sheetId="2" state="hidden" r:id="b"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relations([
      ["a", "worksheet", "worksheets/sheet1.xml"],
      ["b", "worksheet", "worksheets/sheet2.xml"],
    ]),
    "xl/sharedStrings.xml": `<sst xmlns="m"><si><t>Item</t></si><si><t>Paid on</t></si><si><t>Amount</t></si><si><t>Share</t></si><si><r><t>Fil</t></r><r><t>ter</t></r></si></sst>`,
    "xl/styles.xml": `<styleSheet xmlns="m"><numFmts><numFmt numFmtId="164" formatCode="[$€-407]\\ #,##0.00"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="9"/></cellXfs></styleSheet>`,
    "xl/worksheets/sheet1.xml": `<worksheet xmlns="m" xmlns:r="r"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>Household costs</t></is></c></row>
<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" t="s"><v>2</v></c><c r="D2" t="s"><v>3</v></c></row>
<row r="3"><c r="A3" t="s"><v>4</v></c><c r="B3" s="1"><v>46084</v></c><c r="C3" s="2"><f>SUM(1,2)</f><v>1234.5</v></c><c r="D3" s="3"><v>0.25</v></c></row>
<row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5" t="str"><f>A1&amp;"x"</f><v>Total | all</v></c></row>
</sheetData><mergeCells><mergeCell ref="A1:D1"/></mergeCells><hyperlinks><hyperlink ref="A3" r:id="l"/></hyperlinks></worksheet>`,
    "xl/worksheets/_rels/sheet1.xml.rels": relations([
      ["l", "hyperlink", "https://example.org/filter", "External"],
      ["c", "comments", "../comments1.xml"],
    ]),
    "xl/comments1.xml": `<comments xmlns="m"><commentList><comment ref="C3"><text><t>Checked by Ada</t></text></comment></commentList></comments>`,
    "xl/worksheets/sheet2.xml": `<worksheet xmlns="m"><sheetData><row r="1"><c r="A1"><v>0.1</v></c><c r="B1"><v>0.30000000000000004</v></c></row></sheetData></worksheet>`,
  })

/** Two chapters listed against their file order, one titled by the table of contents alone. */
export const makeEpub = (extra: Record<string, string> = {}): Uint8Array =>
  zip({
    mimetype: "application/epub+zip",
    "META-INF/container.xml": `<container xmlns="urn"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>`,
    "OEBPS/book.opf": `<package xmlns="o" xmlns:dc="d"><metadata><dc:title>The Valve</dc:title><dc:date>2024-05-06</dc:date></metadata><manifest><item id="one" href="a%20one.xhtml"/><item id="two" href="two.xhtml"/><item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest><spine><itemref idref="two"/><itemref idref="one"/></spine></package>`,
    "OEBPS/toc.ncx": `<ncx xmlns="n"><navMap><navPoint><navLabel><text>The flood</text></navLabel><content src="a%20one.xhtml#x"/></navPoint></navMap></ncx>`,
    "OEBPS/a one.xhtml": `<html><head><title>x</title></head><body><p>Water came in.</p></body></html>`,
    "OEBPS/two.xhtml": `<html><body><h1>The calm</h1><p>Nothing dripped.</p></body></html>`,
    ...extra,
  })

export const makeOdt = (extra = "", manifest = ""): Uint8Array =>
  zip({
    mimetype: "application/vnd.oasis.opendocument.text",
    "META-INF/manifest.xml": `<manifest:manifest xmlns:manifest="m">${manifest}</manifest:manifest>`,
    "meta.xml": `<office:document-meta xmlns:office="o" xmlns:dc="d"><office:meta><dc:title>House notes</dc:title><dc:date>2025-02-03T04:05:06</dc:date></office:meta></office:document-meta>`,
    "content.xml": `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:xlink="x"><office:body><office:text>
<text:h text:outline-level="2">Roof</text:h>
<text:p>Checked<text:s/>twice<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>By Ben.</text:p></text:note-body></text:note>, see <text:a xlink:href="https://example.org/roof">the report</text:a>.</text:p>
<text:list><text:list-item><text:p>Tiles</text:p><text:list><text:list-item><text:p>Red ones</text:p></text:list-item></text:list></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>Part</text:p></table:table-cell><table:table-cell><text:p>Age</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>Gutter</text:p></table:table-cell><table:table-cell><text:p>9 years</text:p></table:table-cell></table:table-row></table:table>${extra}
</office:text></office:body></office:document-content>`,
  })

export const rtfText = String.raw`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\info{\title Boiler notes}}{\*\generator Word;}
\pard\outlinelevel0\b Boiler care\b0\par
\pard Caf\'e9 \u8364?20 a year.{\footnote \pard See page 4.} Done.\par
\trowd\cellx100\cellx200\intbl Part\cell Every\cell\row\trowd\intbl Filter\cell 4 weeks\cell\row
\pard After {\pict\wmetafile8 0102030405}the table.{\object\objdata 414243}\par}`

/** A message in two forms with a table attached, a picture, and a message inside. */
export const emlText = [
  "From: =?utf-8?q?Ada_L=C3=B6?= <ada@example.org>",
  "To: Ben <ben@example.org>, cleo@example.org",
  "Subject: Filter order",
  "Date: Tue, 03 Mar 2026 09:30:00 +0100",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="b"',
  "",
  "--b",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Please order two filters.",
  "--b",
  'Content-Type: text/csv; name="prices.csv"',
  'Content-Disposition: attachment; filename="prices.csv"',
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from("Part;Price\nFilter;12,50\nSeal;3,20\n").toString("base64"),
  "--b",
  'Content-Type: image/png; name="valve.png"',
  'Content-Disposition: attachment; filename="valve.png"',
  "Content-Transfer-Encoding: base64",
  "",
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "--b--",
  "",
].join("\r\n")

export const mboxText = `From ada@example.org Tue Mar  3 09:30:00 2026\nFrom: ada@example.org\nSubject: First\nDate: Tue, 03 Mar 2026 09:30:00 +0000\n\nHello there.\n>From now on quoted.\n\nFrom ben@example.org Wed Mar  4 09:30:00 2026\nFrom: ben@example.org\nSubject: Second\n\nBye.\n`

/** What Outlook saves: a compound file with one stream per property. */
export function makeMsg(): Uint8Array {
  const utf16 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "utf16le"))
  const properties = new Uint8Array(32)
  const streams: [string, Uint8Array][] = [
    ["__properties_version1.0", properties],
    ["__substg1.0_001A001F", utf16("IPM.Note")],
    ["__substg1.0_0037001F", utf16("Key handover")],
    ["__substg1.0_0C1A001F", utf16("Ada")],
    ["__substg1.0_5D01001F", utf16("ada@example.org")],
    ["__substg1.0_1000001F", utf16("The key lies in the grey box.")],
  ]
  const entries: Entry[] = [
    { name: "Root Entry", type: 5, children: streams.map((_, index) => index + 1), length: 0 },
    ...streams.map(([name, bytes]) => ({ name, type: 2, binaryProvider: () => bytes, length: bytes.byteLength })),
  ] as Entry[]
  return new Uint8Array(burn(entries))
}

export const notebookText = JSON.stringify({
  nbformat: 4,
  metadata: { kernelspec: { language: "python" } },
  cells: [
    { cell_type: "markdown", source: ["# Flow\n", "Litres per day."] },
    {
      cell_type: "code",
      source: ["print(3 * 4)"],
      outputs: [
        { output_type: "stream", text: ["12\n"] },
        { output_type: "display_data", data: { "image/png": "AAAA" } },
        { output_type: "error", ename: "ValueError", evalue: "too dry", traceback: [] },
      ],
    },
  ],
})

export const subtitleText = `WEBVTT\n\n1\n00:00:01.000 --> 00:00:04.200 align:start\n<v Ada>The filter is changed\nevery four weeks.\n\n00:00:04.500 --> 00:00:06.000\n<i>Then rinse it.</i>\n\n00:01:20.000 --> 00:01:22.000\nLater on.\n`

export const rssText = `<?xml version="1.0"?><rss version="2.0"><channel><title>House news</title><description>All of it</description><item><title>Leak found</title><link>https://example.org/leak</link><pubDate>Tue, 03 Mar 2026 09:30:00 GMT</pubDate><description>&lt;p&gt;It was the &lt;b&gt;seal&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>`

export const pythonText = `"""Doc."""\nimport os\n\n# Reads one.\n@cache\ndef read_file(path):\n    return open(path)\n\nclass Store(Base):\n    """A store."""\n\n    async def write(self, x):\n        return 1\n`

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** One small good file of every kind that is read by the parser. */
export const goodFiles = (): [fileName: string, bytes: Uint8Array][] => [
  ["a.txt", utf8("SAFETY\n\nShut the valve first.\n")],
  ["a.md", utf8("# Care\n\n| Part | Every |\n| --- | --- |\n| Filter | 4 weeks |\n")],
  ["a.html", utf8("<!doctype html><html><body><h1>Care</h1><p>Wash weekly.</p></body></html>")],
  ["a.pdf", makePdf([[{ text: "Portable text.", x: 50, y: 700 }]])],
  [
    "a.docx",
    makeDocx(
      wordParagraph("Care", "Heading1") +
        wordTable([
          ["Part", "Every"],
          ["Filter", "4 weeks"],
        ]),
    ),
  ],
  ["a.pptx", makePptx()],
  ["a.xlsx", makeXlsx()],
  ["a.csv", utf8("Part;Price\nFilter;12,50\nSeal;3,20\n")],
  ["a.epub", makeEpub()],
  ["a.eml", utf8(emlText)],
  ["a.mbox", utf8(mboxText)],
  ["a.msg", makeMsg()],
  ["a.rtf", utf8(rtfText)],
  ["a.odt", makeOdt()],
  ["a.ipynb", utf8(notebookText)],
  [
    "a.json",
    utf8(
      JSON.stringify({
        name: "Boiler",
        parts: [
          { part: "Filter", weeks: 4 },
          { part: "Seal", weeks: 52 },
        ],
      }),
    ),
  ],
  ["a.xml", utf8(rssText)],
  ["a.py", utf8(pythonText)],
  ["a.vtt", utf8(subtitleText)],
]
