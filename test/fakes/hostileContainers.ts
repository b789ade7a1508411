import { deflateSync } from "node:zlib"
import { strToU8, unzipSync, zipSync } from "fflate"
import { makeDocx, wordParagraph } from "./documents.ts"
import { makeEpub, makeMsg, makeOdt, makePptx, makeXlsx, notebookText, rssText } from "./formatFiles.ts"
import { declareSize, external, laughs, markEncrypted } from "./hostileArchives.ts"

/** A name, a file name, its bytes, and the codes it may be answered with; "": it is read. */
export type HostileFile = [name: string, fileName: string, bytes: Uint8Array | string, codes: string[]]

const damaged = "document.damaged"
const tooLarge = "document.too-large"

/** Every kind of file that is an archive, and the part of it that holds the text. */
const containers: [fileName: string, bytes: () => Uint8Array, part: string][] = [
  ["a.docx", () => makeDocx(wordParagraph("start end")), "word/document.xml"],
  ["a.odt", () => makeOdt(), "content.xml"],
  ["a.pptx", makePptx, "ppt/slides/slide1.xml"],
  ["a.xlsx", makeXlsx, "xl/worksheets/sheet1.xml"],
  ["a.epub", () => makeEpub(), "OEBPS/two.xhtml"],
]

/** The same dangers in every one of them: none is left to a reader's own care. */
export const hostileContainers = (url: string): HostileFile[] =>
  containers.flatMap(([fileName, make, part]): HostileFile[] => {
    const files = unzipSync(make())
    const changed = (text: (before: string) => string): Uint8Array =>
      zipSync({ ...files, [part]: strToU8(text(new TextDecoder().decode(files[part]))) })
    const declaring = (doctype: string, use: string) => (before: string) =>
      `<?xml version="1.0"?>${doctype}${before.replace(/^<\?xml[^>]*>/, "").replace(/<\/(w:t|text:h|a:t|t|h1)>/, `${use}</$1>`)}`
    return [
      [`a bomb of 70 MB in ${fileName}`, fileName, zipSync({ ...files, [part]: new Uint8Array(70 << 20) }), [tooLarge]],
      [`1 GB declared in ${fileName}`, fileName, declareSize(make(), 1024 ** 3), [tooLarge]],
      [`passwords in ${fileName}`, fileName, markEncrypted(make()), ["document.encrypted"]],
      [`entities in ${fileName}`, fileName, changed(declaring(laughs, "&lol10;")), ["", damaged]],
      [`external entities in ${fileName}`, fileName, changed(declaring(external(url), "&file;&net;")), ["", damaged]],
      [
        `${part} of ${fileName} nested without end`,
        fileName,
        changed(() => `${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}`),
        [damaged],
      ],
    ]
  })

const macros = strToU8('Sub AutoOpen()\nShell "cmd"\nEnd Sub')

/** Dangers of one format alone. */
export const hostileOthers = (url: string): HostileFile[] => [
  ["macros in a sheet", "a.xlsm", zipSync({ ...unzipSync(makeXlsx()), "xl/vbaProject.bin": macros }), [""]],
  ["macros in slides", "a.pptm", zipSync({ ...unzipSync(makePptx()), "ppt/vbaProject.bin": macros }), [""]],
  [
    "macros in OpenDocument",
    "a.odt",
    zipSync({ ...unzipSync(makeOdt()), "Basic/Standard/Module1.xml": strToU8(`<m>Sub AutoOpen</m>`) }),
    [""],
  ],
  [
    "external picture in slides",
    "a.pptx",
    zipSync({
      ...unzipSync(makePptx()),
      "ppt/slides/_rels/slide1.xml.rels": strToU8(
        `<Relationships><Relationship Id="p" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="${url}/p.png" TargetMode="External"/></Relationships>`,
      ),
    }),
    [""],
  ],
  [
    "external data in a sheet",
    "a.xlsx",
    zipSync({
      ...unzipSync(makeXlsx()),
      "xl/connections.xml": strToU8(`<connections><connection><webPr url="${url}/c"/></connection></connections>`),
    }),
    [""],
  ],
  ["external pictures in a book", "a.epub", makeEpub({ "OEBPS/two.xhtml": page(`<img src="${url}/i.png"/>`) }), [""]],
  [
    "external pictures in a mail",
    "a.eml",
    htmlMail(`<img src="${url}/pixel.gif"><iframe src="${url}/f"></iframe>`),
    [""],
  ],
  ["external pictures in Markdown", "a.md", `start ![x](${url}/x.png) <img src="${url}/y.png"> end`, [""]],
  ["an external stylesheet in XML", "a.xml", `<?xml-stylesheet href="${url}/s.xsl"?><a><b>start end</b></a>`, [""]],
  ["entities in a feed", "a.rss", rssText.replace("?>", `?>${laughs}`).replace("Leak found", "&lol10;"), ["", damaged]],
  [
    "external entities in a feed",
    "a.rss",
    rssText.replace("?>", `?>${external(url)}`).replace("Leak", "&net;"),
    ["", damaged],
  ],
  [
    "a PDF that unpacks to 200 MB",
    "a.pdf",
    pdf([flate(Buffer.alloc(200 << 20, " "))]),
    ["document.no-text", tooLarge, damaged],
  ],
  [
    "a PDF whose stream declares 1 GB",
    "a.pdf",
    pdf([`<< /Length ${1024 ** 3} >>\nstream\nBT (x) Tj ET\nendstream`]),
    ["document.no-text", damaged],
  ],
  [
    "a PDF that opens, launches and sends",
    "a.pdf",
    pdf(
      ["<< /Length 0 >>\nstream\n\nendstream"],
      `/OpenAction << /S /URI /URI (${url}/u) >> /AA << /WC << /S /Launch /F (cmd) >> >> /AcroForm << /XFA (${url}) >>`,
    ),
    ["document.no-text", damaged],
  ],
  [
    "a PDF nested without end",
    "a.pdf",
    pdf([`${"[".repeat(100_000)}${"]".repeat(100_000)}`]),
    ["document.no-text", damaged],
  ],
  ["a PDF whose pages contain themselves", "a.pdf", selfContained, [damaged, "document.no-text", "document.empty"]],
  [
    "a notebook nested without end",
    "a.ipynb",
    notebookText.replace("{", `{"deep":${"[".repeat(100_000)}${"]".repeat(100_000)},`),
    ["", damaged],
  ],
  ["lines of JSON nested without end", "a.jsonl", `{"a":1}\n${"[".repeat(100_000)}\n`, ["", damaged]],
  [
    "a mail that holds a bomb",
    "a.eml",
    mailWith("bomb.docx", zipSync({ "word/document.xml": new Uint8Array(70 << 20) })),
    [""],
  ],
  ["a mail that holds what has a password", "a.eml", mailWith("locked.odt", markEncrypted(makeOdt())), [""]],
  ["an Outlook message with bytes of 1 GB declared", "a.msg", declareStream(makeMsg()), ["", damaged]],
]

const page = (body: string): string => `<html><body><p>start end</p>${body}</body></html>`
const htmlMail = (body: string): string =>
  `From: a@b.c\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>start end</p>${body}`

/** A mail with this attachment. */
function mailWith(name: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\n")
  return `From: a@b.c\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nstart end\n--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="${name}"\nContent-Transfer-Encoding: base64\n\n${base64}\n--b--\n`
}

/** A stream with these contents, packed. */
function flate(contents: Uint8Array): string {
  const packed = deflateSync(contents)
  return `<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n${packed.toString("latin1")}\nendstream`
}

/** One page with these contents, and what the catalogue says besides. */
function pdf([contents = ""]: string[], catalogue = ""): Uint8Array {
  const objects = [
    `<< /Type /Catalog /Pages 2 0 R ${catalogue} >>`,
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
    contents,
  ]
  return assemble(objects)
}

const selfContained = assemble(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"])

function assemble(objects: string[]): Uint8Array {
  let file = "%PDF-1.4\n"
  const offsets = objects.map((body, index) => {
    const offset = file.length
    file += `${index + 1} 0 obj\n${body}\nendobj\n`
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF`
  return Buffer.from(`${file}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}${trailer}`, "latin1")
}

/** Every size in the compound file's directory, as 1 GB. */
function declareStream(message: Uint8Array): Uint8Array {
  const copy = Buffer.from(message)
  const sectorBytes = 1 << copy.readUInt16LE(30)
  const directory = (copy.readUInt32LE(48) + 1) * sectorBytes
  for (let at = directory; at + 128 <= copy.length && copy[at + 66] !== 0; at += 128) {
    if (copy[at + 66] === 2) copy.writeUInt32LE(1024 ** 3, at + 120)
  }
  return copy
}
