import type { ReadDocument } from "./contract.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import { dateOf } from "./openXml.ts"
import { cleanText } from "./readText.ts"
import { childOf, childrenOf, elements, oneLine, parseXml, textOfNode, type XmlNode } from "./xml.ts"

/** A feed: one section per entry with title, date, address and text. Any other XML: its elements as headings and `name: value` lines. */
export function readXmlFile(bytes: Uint8Array): ReadDocument {
  const root = parseXml(bytes, "xml")
  const feed = feedOf(root)
  if (feed) return feed
  return { text: cleanText(plainBlocks(root, 1).join("\n\n")), title: null, pages: [], pageCount: null }
}

/** RSS 2.0, RSS 1.0 (RDF) and Atom. */
function feedOf(root: XmlNode): ReadDocument | null {
  const channel = childOf(root, "channel")
  const isAtom = root.name === "feed"
  const isRss = root.name === "rss" || root.name === "rdf:RDF"
  if (!isAtom && !(isRss && channel)) return null
  const source = isAtom ? root : (channel as XmlNode)
  const entries = isAtom ? childrenOf(root, "entry") : [...childrenOf(channel, "item"), ...childrenOf(root, "item")]
  const title = oneLine(textOfNode(childOf(source, "title")))
  const about = markdown(textOfNode(childOf(source, "description") ?? childOf(source, "subtitle")))
  const dates = entries.map(dateOfEntry).filter((at) => at !== null)
  const blocks = [`# ${title || "Feed"}`, about, ...entries.flatMap(entryBlocks)]
  return {
    text: cleanText(blocks.filter((block) => block.trim() !== "").join("\n\n")),
    title: title || null,
    pages: [],
    pageCount: null,
    datedAt: dates.length === 0 ? null : Math.max(...dates),
  }
}

function entryBlocks(entry: XmlNode): string[] {
  const link = childrenOf(entry, "link").find(({ attributes }) => (attributes.rel ?? "alternate") === "alternate")
  const address = link?.attributes.href ?? oneLine(textOfNode(link))
  const at = dateOfEntry(entry)
  const author = oneLine(textOfNode(childOf(entry, "dc:creator") ?? childOf(childOf(entry, "author"), "name")))
  const facts = [
    at === null ? "" : `Date: ${new Date(at).toISOString().slice(0, 10)}`,
    author === "" ? "" : `Author: ${author}`,
    address === "" ? "" : `Address: ${address}`,
  ].filter(Boolean)
  const body =
    childOf(entry, "content:encoded") ??
    childOf(entry, "content") ??
    childOf(entry, "description") ??
    childOf(entry, "summary")
  return [
    `## ${oneLine(textOfNode(childOf(entry, "title"))) || "Untitled"}`,
    facts.join("\n"),
    body ? markdown(serialised(body)) : "",
  ]
}

const dateOfEntry = (entry: XmlNode): number | null =>
  ["pubDate", "published", "updated", "dc:date"]
    .map((name) => dateOf(textOfNode(childOf(entry, name))))
    .find((at) => at !== null) ?? null

const markdown = (html: string): string => (/[<&]/.test(html) ? htmlToMarkdown(html) : html.trim())

/** Atom may hold its HTML as elements. */
const serialised = (node: XmlNode): string =>
  node.children
    .map((child) => (typeof child === "string" ? child : `<${child.name}>${serialised(child)}</${child.name}>`))
    .join("")

const deepestHeading = 4

function plainBlocks(node: XmlNode, depth: number): string[] {
  const leaves: string[] = Object.entries(node.attributes)
    .filter(([name]) => !name.startsWith("xmlns") && !name.startsWith("xsi:"))
    .map(([name, value]) => `- ${name}: ${oneLine(value)}`)
  const blocks: string[] = []
  const mixed = hasMixedText(node)
  if (mixed) blocks.push(oneLine(textOfNode(node)))
  else {
    for (const child of elements(node)) {
      const isLeaf = elements(child).length === 0 && Object.keys(child.attributes).length === 0
      if (isLeaf) {
        const text = oneLine(textOfNode(child))
        if (text !== "") leaves.push(`- ${bare(child.name)}: ${text}`)
      } else blocks.push(...plainBlocks(child, depth + 1))
    }
    if (elements(node).length === 0) {
      const text = oneLine(textOfNode(node))
      if (text !== "") leaves.push(`- ${bare(node.name)}: ${text}`)
    }
  }
  if (leaves.length > 0) blocks.unshift(leaves.join("\n"))
  if (blocks.length === 0) return []
  return depth <= deepestHeading ? [`${"#".repeat(depth)} ${bare(node.name)}`, ...blocks] : blocks
}

const hasMixedText = (node: XmlNode): boolean =>
  elements(node).length > 0 && node.children.some((child) => typeof child === "string" && child.trim() !== "")

const bare = (name: string): string => name.replace(/^.*:/, "")
