import { strToU8, zipSync } from "fflate"
import { makeDocx, makeZipBomb, wordParagraph } from "./documents.ts"
import { makeEpub, makeOdt } from "./formatFiles.ts"
import { declareSize, external, laughs, markEncrypted } from "./hostileArchives.ts"
import { type HostileFile, hostileContainers, hostileOthers } from "./hostileContainers.ts"
import { createRandom } from "./random.ts"

type NamedFile = [name: string, fileName: string, bytes: Uint8Array]

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The file cut off at this many places, from its first bytes to its last. */
export const truncations = (bytes: Uint8Array, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) =>
    Uint8Array.from(bytes).slice(0, Math.floor((bytes.byteLength * (index + 0.5)) / count)),
  )

/** The file with one to eight bits turned, or a piece of it written twice, or left out. */
export function mutations(bytes: Uint8Array, count: number, seed: number): Uint8Array[] {
  const random = createRandom(seed)
  const place = (): number => Math.floor(random() * bytes.byteLength)
  return Array.from({ length: count }, (_, index) => {
    if (index % 5 === 3) {
      const [from, to] = [place(), place()].sort((a, b) => a - b) as [number, number]
      return Uint8Array.from([...bytes.slice(0, to), ...bytes.slice(from)])
    }
    if (index % 5 === 4) {
      const from = place()
      return Uint8Array.from([...bytes.slice(0, from), ...bytes.slice(from + 1 + Math.floor(random() * 40))])
    }
    // Copy: `slice` of a Buffer is a view, and would change the good file.
    const copy = Uint8Array.from(bytes)
    for (let flips = 1 + Math.floor(random() * 8); flips > 0; flips--) {
      const at = place()
      copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    return copy
  })
}

const sheetBook = (sheet: string): Uint8Array =>
  zipSync({
    "[Content_Types].xml": strToU8(
      `<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
    ),
    "xl/workbook.xml": strToU8(`<workbook xmlns:r="r"><sheets><sheet name="S" r:id="a"/></sheets></workbook>`),
    "xl/_rels/workbook.xml.rels": strToU8(
      `<Relationships><Relationship Id="a" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    ),
    "xl/worksheets/sheet1.xml": strToU8(`<worksheet><sheetData>${sheet}</sheetData></worksheet>`),
  })

const presentation = (list: string): Uint8Array =>
  zipSync({
    "[Content_Types].xml": strToU8(
      `<Types><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`,
    ),
    "ppt/presentation.xml": strToU8(`<p:presentation xmlns:p="p" xmlns:r="r">${list}</p:presentation>`),
  })

const zeros = (megabytes: number): Uint8Array => new Uint8Array(megabytes * 1024 * 1024)

/** Hostile files of each kind, and the codes they may be answered with; none: they are read, with nothing bad in the text. */
export function hostileFiles(url: string): { file: NamedFile; codes: string[] }[] {
  const damaged = ["document.damaged"]
  const tooLarge = ["document.too-large"]
  const encrypted = ["document.encrypted"]
  const nested = (open: string, close: string, depth: number, middle = "x"): string =>
    open.repeat(depth) + middle + close.repeat(depth)
  const mail = (body: string): string => `From: a@b.c\nSubject: s\nMIME-Version: 1.0\n${body}`
  const list: HostileFile[] = [
    ...hostileContainers(url),
    ...hostileOthers(url),
    ["entities in XML", "a.xml", `<?xml version="1.0"?>${laughs}<a><b>start &lol10; end</b></a>`, []],
    [
      "entities in Word",
      "a.docx",
      makeDocx(`${wordParagraph("start &lol9; end")}`, { "word/styles.xml": utf8(`${laughs}<w:styles xmlns:w="w"/>`) }),
      ["", ...damaged],
    ],
    ["entities in OpenDocument", "a.odt", makeOdt("<text:p>start &lol10; end</text:p>"), []],
    ["external entities", "a.xml", `<?xml version="1.0"?>${external(url)}<a><b>start &file;&net; end</b></a>`, []],
    [
      "external pictures and frames",
      "a.html",
      `<!doctype html><html><head><link rel="stylesheet" href="${url}/s.css"><meta http-equiv="refresh" content="0;${url}/r"></head><body><p>start end</p><img src="${url}/i.png"><iframe src="${url}/f"></iframe><script src="${url}/s.js"></script></body></html>`,
      [],
    ],
    [
      "external template and picture in Word",
      "a.docx",
      makeDocx(wordParagraph("start end"), {
        "word/_rels/settings.xml.rels": utf8(
          `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="t" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="${url}/t.dotm" TargetMode="External"/></Relationships>`,
        ),
      }),
      [],
    ],
    [
      "external body of a mail",
      "a.eml",
      mail(
        `Content-Type: message/external-body; access-type=URL; URL="${url}/m"\n\nContent-Type: text/plain\n\nstart end\n`,
      ),
      ["", "document.empty", ...damaged],
    ],
    [
      "macros in Word",
      "a.docm",
      makeDocx(wordParagraph("start end"), { "word/vbaProject.bin": utf8('Sub AutoOpen()\nShell "cmd"\nEnd Sub') }),
      [],
    ],
    [
      "objects in rich text",
      "a.rtf",
      String.raw`{\rtf1 start {\object\objocx\objdata 0105000002000000}{\field{\*\fldinst INCLUDEPICTURE "${url}/p"}{\fldrslt end}}}`,
      [],
    ],
    ["a zip bomb in Word", "a.docx", makeZipBomb(70), tooLarge],
    ["a zip bomb in a book", "a.epub", makeEpub({ "OEBPS/bomb.xhtml": " ".repeat(70 * 1024 * 1024) }), tooLarge],
    [
      "a zip bomb in a sheet",
      "a.xlsx",
      zipSync({ "xl/workbook.xml": strToU8("<workbook/>"), "xl/worksheets/sheet1.xml": zeros(70) }),
      tooLarge,
    ],
    ["a declared size of 1 GB", "a.odt", declareSize(makeOdt(), 1024 ** 3), tooLarge],
    ["a declared size of nothing", "a.odt", declareSize(makeOdt(), 3), damaged],
    [
      "an archive of 30,000 entries",
      "a.epub",
      zipSync(Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`OEBPS/${n}.html`, new Uint8Array()]))),
      tooLarge,
    ],
    ["an encrypted archive", "a.odt", markEncrypted(makeOdt()), encrypted],
    [
      "a protected Office file",
      "a.docx",
      Buffer.concat([
        Buffer.from("d0cf11e0a1b11ae1", "hex"),
        new Uint8Array(504),
        Buffer.from("EncryptedPackage", "utf16le"),
        new Uint8Array(512),
      ]),
      encrypted,
    ],
    ["XML deeper than programs write", "a.xml", `<?xml version="1.0"?>${nested("<a>", "</a>", 300)}`, damaged],
    ["deep XML", "a.xml", `<?xml version="1.0"?>${nested("<a>", "</a>", 100_000)}`, damaged],
    [
      "deep HTML",
      "a.html",
      `<!doctype html><html><body>${nested("<div>", "</div>", 60_000)}</body></html>`,
      ["", ...damaged],
    ],
    [
      "deep tables in HTML",
      "a.html",
      `<!doctype html><html><body>${nested("<table><tr><td>", "</td></tr></table>", 3000)}</body></html>`,
      ["", ...damaged],
    ],
    ["deep JSON", "a.json", nested("[", "]", 200_000, "1"), ["", ...damaged]],
    ["deep JSON of records", "a.json", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, ["", ...damaged]],
    ["deep groups in rich text", "a.rtf", `{\\rtf1 ${nested("{", "}", 100_000)}}`, damaged],
    ["deep Markdown", "a.md", `${"> ".repeat(50_000)}x\n${"- ".repeat(50_000)}x`, []],
    [
      "deep parts of a mail",
      "a.eml",
      mail(
        Array.from({ length: 500 }, (_, n) => `Content-Type: multipart/mixed; boundary="${n}"\n\n--${n}\n`).join("") +
          "Content-Type: text/plain\n\nend\n",
      ),
      ["", ...damaged],
    ],
    ["mail with a header of 5 MB", "a.eml", mail(`To: ${"a@b.c, ".repeat(700_000)}\n\nend\n`), ["", ...damaged]],
    [
      "mail of 100,000 parts",
      "a.eml",
      mail(
        `Content-Type: multipart/mixed; boundary="b"\n\n${'--b\nContent-Disposition: attachment; filename="a.txt"\n\nx\n'.repeat(100_000)}--b--\n`,
      ),
      ["", ...damaged],
    ],
    ["a mailbox of 20,001 messages", "a.mbox", "From a@b.c\nSubject: s\n\nx\n".repeat(20_001), tooLarge],
    ["a presentation of 5,001 slides", "a.pptx", presentation('<p:sldId r:id="a"/>'.repeat(5001)), tooLarge],
    ["a presentation of 1.6 million elements", "a.pptx", presentation("<a/>".repeat(1_600_000)), tooLarge],
    [
      "a sheet whose cells are far out",
      "a.xlsx",
      sheetBook(`<row r="1048576"><c r="XFD1048576"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>`),
      [],
    ],
    ["a row beyond every sheet", "a.xlsx", sheetBook(`<row r="99999999"><c><v>1</v></c></row>`), tooLarge],
    ["a column beyond every sheet", "a.xlsx", sheetBook(`<row r="1"><c r="ZZZ1"><v>1</v></c></row>`), tooLarge],
    [
      "a sheet of 550,000 cells",
      "a.xlsx",
      sheetBook(`<row>${"<c><v>1</v></c>".repeat(550)}</row>`.repeat(1000)),
      tooLarge,
    ],
    [
      "a sheet of a million merged cells",
      "a.xlsx",
      sheetBook(`<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>`).slice(),
      [],
    ],
    ["one line of 15 MB in a table", "a.csv", `"${"x,".repeat(7_500_000)}`, ["", ...tooLarge]],
    ["a table of 3 million empty cells", "a.csv", `a${",".repeat(3000)}\n`.repeat(1000), ["", ...tooLarge]],
    ["a minified program", "a.js", `var a=1;${"function b(){return a}".repeat(100_000)}`, []],
    ["spaces before a declaration", "a.ts", `${" ".repeat(100_000)}function x() {\n`.repeat(20), []],
    ["words that look like a function", "a.c", `${"unsigned ".repeat(40_000)}\n${"a<".repeat(190)}(\n`.repeat(10), []],
    ["subtitles without an end", "a.srt", "00:00:01,000 --> 00:00:02,000 ".repeat(100_000), ["", ...damaged]],
    [
      "a feed that is no feed",
      "a.xml",
      `<rss><channel>${"<item>".repeat(200)}</channel></rss>`,
      ["", ...damaged, "document.empty"],
    ],
    ["a notebook that is no notebook", "a.ipynb", '{"cells": "none", "worksheets": 7}', [...damaged, "document.empty"]],
    ["rich text with bytes that never come", "a.rtf", "{\\rtf1 start \\bin99999999999 end}", [...damaged, ""]],
    [
      "an Outlook message of one sector chain without end",
      "a.msg",
      Buffer.concat([
        Buffer.from("d0cf11e0a1b11ae1", "hex"),
        Buffer.alloc(16),
        Buffer.from("3e000300feff0900", "hex"),
        Buffer.alloc(4096),
      ]),
      [...damaged, "document.unsupported", "document.empty"],
    ],
  ]
  return list.map(([name, fileName, bytes, codes]) => ({
    file: [name, fileName, typeof bytes === "string" ? utf8(bytes) : bytes],
    codes,
  }))
}
