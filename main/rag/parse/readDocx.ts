import { strFromU8, strToU8, zipSync } from "fflate"
import mammoth from "mammoth"
import type { ReadDocument } from "./contract.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import { linearMath } from "./linearMath.ts"
import { coreProperties } from "./openXml.ts"
import { cleanText } from "./readText.ts"
import { damagedFile, encryptedFile, unpackZip, type ZipParts } from "./unpackZip.ts"

const kind = "docx"
const neededPart = /^(?:\[Content_Types\]\.xml|_rels\/|docProps\/core\.xml|word\/[^/]+\.xml|word\/_rels\/)/

/**
 * Headings, lists, tables, links, foot- and endnotes, comments and equations of a Word document, as Markdown. Pictures, linked files and
 * macros are never touched.
 */
export async function readDocx(bytes: Uint8Array): Promise<ReadDocument> {
  const parts = unpackZip(bytes, kind, (name) => neededPart.test(name))
  if (parts.EncryptedPackage || parts.EncryptionInfo) throw encryptedFile()
  if (!Object.keys(parts).some((name) => name.startsWith("word/"))) throw damagedFile(kind)
  writeEquations(parts)
  // Mammoth unpacks without a limit, so it gets only what was unpacked here, stored without compression.
  const buffer = Buffer.from(zipSync(parts, { level: 0 }))
  const options = {
    styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh", "comment-reference => sup"],
    convertImage: mammoth.images.imgElement(async () => ({ src: "" })),
    externalFileAccess: false,
  }
  const html = await mammoth.convertToHtml({ buffer }, options).then(
    (result) => result.value,
    (cause) => {
      throw damagedFile(kind, cause)
    },
  )
  const { title, modifiedAt } = coreProperties(parts, kind)
  const text = cleanText(htmlToMarkdown(withNotes(html), { hasLinks: true }))
  return { text, title, pages: [], pageCount: null, datedAt: modifiedAt }
}

/** Mammoth leaves equations out: each becomes a run of text in its place. */
function writeEquations(parts: ZipParts): void {
  for (const name of ["word/document.xml", "word/footnotes.xml", "word/endnotes.xml"]) {
    const part = parts[name]
    const xml = part ? strFromU8(part) : ""
    if (!xml.includes("<m:oMath")) continue
    const written = xml
      .replace(/<m:oMathParaPr>[\s\S]*?<\/m:oMathParaPr>|<\/?m:oMathPara(?:\s[^>]*)?>/g, "")
      .replace(/<m:oMath(?:\s[^>]*)?>[\s\S]*?<\/m:oMath>/g, (equation) => {
        return `<w:r><w:t xml:space="preserve">${escapeXml(linearMath(equation))}</w:t></w:r>`
      })
    parts[name] = strToU8(written)
  }
}

const escapeXml = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

/** Notes come as a numbered list with arrows back, comments as a list of definitions: both get a line that says what they are. */
function withNotes(html: string): string {
  return html
    .replace(/<a href="#[^"]*">↑<\/a>/g, "")
    .replace(/<ol>(?=<li id="(?:foot|end)note-)/, "<h2>Notes</h2><ol>")
    .replace(/(<a href="#comment-[^>]*>)\[/g, "$1[comment ")
    .replace(/<dl>(?=<dt id="comment-)/, "<h2>Comments</h2><dl>")
    .replace(/<dt[^>]*>Comment \[([^\]]{1,20})\]<\/dt><dd>(?:<p>)?/g, "<p>[comment $1] ")
    .replace(/(?:<\/p>)?<\/dd>/g, "</p>")
}
