import { posix } from "node:path"
import type { ReadDocument } from "./contract.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import { dateOf } from "./openXml.ts"
import { cleanText, decodeText } from "./readText.ts"
import { damagedFile, encryptedFile, unpackZip, type ZipParts } from "./unpackZip.ts"
import { childOf, elements, findAll, findFirst, oneLine, parseXml, textOfNode, type XmlNode } from "./xml.ts"

const kind = "epub"
const neededPart = /^META-INF\/(?:container|encryption)\.xml$|\.(?:opf|ncx|x?html?)$/i
const fontScrambling = /(?:idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC)/

/** A book in reading order: chapters with their headings, tables and notes; pictures by their description. */
export function readEpub(bytes: Uint8Array): ReadDocument {
  const parts = unpackZip(bytes, kind, (name) => neededPart.test(name))
  const container = parts["META-INF/container.xml"]
  if (!container) throw damagedFile(kind)
  refuseProtected(parts)
  const opfPath = findFirst(parseXml(container, kind), "rootfile")?.attributes["full-path"] ?? ""
  if (!parts[opfPath]) throw damagedFile(kind)
  const book = parseXml(parts[opfPath] as Uint8Array, kind)
  const manifest = new Map(
    elements(findBare(book, "manifest") ?? book).map(({ attributes }) => [attributes.id ?? "", attributes]),
  )
  const resolve = (href: string): string => posix.join(posix.dirname(opfPath), decodePath(href))
  const titles = contents(parts, manifest, resolve)
  const chapters: string[] = []
  for (const { attributes } of elements(findBare(book, "spine") ?? { name: "", attributes: {}, children: [] })) {
    const item = manifest.get(attributes.idref ?? "")
    if (!item?.href || /\bnav\b/.test(item.properties ?? "")) continue
    const path = resolve(item.href)
    const part = parts[path]
    if (!part) continue
    const html = decodeText(part)
    const body = /<body\b[^>]*>([\s\S]*?)(?:<\/body\s*>|$)/i.exec(html)?.[1] ?? html
    const text = cleanText(htmlToMarkdown(body)).trim()
    const title = titles.get(path)
    if (text !== "") chapters.push(title && !/^#{1,6} /m.test(text.slice(0, 400)) ? `# ${title}\n\n${text}` : text)
  }
  const metadata = findBare(book, "metadata")
  const title = oneLine(textOfNode(findFirst(metadata, "dc:title"))).slice(0, 300)
  return {
    text: chapters.join("\n\n"),
    title: title || null,
    pages: [],
    pageCount: null,
    datedAt: dateOf(textOfNode(findFirst(metadata, "dc:date"))),
  }
}

/** Some makers write the package's elements with a prefix. */
const findBare = (node: XmlNode, name: string): XmlNode | undefined =>
  elements(node).find((child) => child.name === name || child.name.endsWith(`:${name}`))

/** Scrambled fonts are usual and harmless; scrambled chapters cannot be read. */
function refuseProtected(parts: ZipParts): void {
  const part = parts["META-INF/encryption.xml"]
  if (!part) return
  const methods = findAll(parseXml(part, kind), "EncryptionMethod").concat(
    findAll(parseXml(part, kind), "enc:EncryptionMethod"),
  )
  if (methods.some(({ attributes }) => !fontScrambling.test(attributes.Algorithm ?? ""))) throw encryptedFile()
}

/** Chapter titles of the table of contents, by file, for chapters that show theirs as a picture. */
function contents(
  parts: ZipParts,
  manifest: ReadonlyMap<string, Record<string, string>>,
  resolve: (href: string) => string,
): Map<string, string> {
  const titles = new Map<string, string>()
  const ncx = [...manifest.values()].find((item) => /ncx/.test(item["media-type"] ?? ""))?.href
  const part = ncx === undefined ? undefined : parts[resolve(ncx)]
  if (!part) return titles
  for (const point of findAll(parseXml(part, kind), "navPoint")) {
    const path = resolve((childOf(point, "content")?.attributes.src ?? "").replace(/#.*$/, ""))
    if (!titles.has(path)) titles.set(path, oneLine(textOfNode(childOf(point, "navLabel"))).slice(0, 160))
  }
  return titles
}

function decodePath(href: string): string {
  try {
    return decodeURIComponent(href.replace(/#.*$/, ""))
  } catch {
    return href
  }
}
