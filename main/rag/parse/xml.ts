import { Parser } from "htmlparser2"
import { decodeText } from "./readText.ts"
import { damagedFile, tooLargeFile } from "./unpackZip.ts"

/** An element; names keep their prefix, as documents of one format always write the same one. */
export interface XmlNode {
  name: string
  attributes: Record<string, string>
  children: (XmlNode | string)[]
}

export interface XmlHandlers {
  open?(name: string, attributes: Record<string, string>, depth: number): void
  text?(text: string): void
  close?(name: string, depth: number): void
}

/** Deeper nesting comes from no program that writes documents. Walkers below may recurse because of it. */
const deepest = 256
/** Of a tree in memory: about 300 MB. */
const mostNodes = 1_500_000

/**
 * Reads XML in one pass. Declarations of entities and everything external are ignored: `&name;` of an unknown name stays as it stands,
 * and nothing is ever fetched or multiplied. Throws `document.damaged` when the root is missing, left open, or nested too deeply.
 * @param kind What the file is called in the error.
 */
export function readXmlEvents(xml: Uint8Array | string, kind: string, handlers: XmlHandlers): void {
  let depth = 0
  let nodes = 0
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        nodes++
        if (++depth > deepest) throw damagedFile(kind)
        handlers.open?.(name, attributes, depth)
      },
      ontext: (text) => handlers.text?.(text),
      onclosetag(name) {
        handlers.close?.(name, depth)
        depth--
      },
    },
    { xmlMode: true, decodeEntities: true, recognizeCDATA: true },
  )
  const text = typeof xml === "string" ? xml : decodeXml(xml)
  // In pieces: the tokenizer keeps what it has not finished, and long texts arrive as several events.
  for (let from = 0; from < text.length; from += 65_536) parser.write(text.slice(from, from + 65_536))
  // A document that was cut off leaves its elements open; the parser would close them by itself.
  if (nodes === 0 || depth > 0) throw damagedFile(kind)
  parser.end()
}

export function parseXml(xml: Uint8Array | string, kind: string): XmlNode {
  const root: XmlNode = { name: "", attributes: {}, children: [] }
  const path: XmlNode[] = [root]
  let nodes = 0
  readXmlEvents(xml, kind, {
    open(name, attributes) {
      if (++nodes > mostNodes) throw tooLargeFile()
      const node: XmlNode = { name, attributes, children: [] }
      path.at(-1)?.children.push(node)
      path.push(node)
    },
    text(text) {
      const siblings = path.at(-1)?.children as (XmlNode | string)[]
      const last = siblings.length - 1
      if (typeof siblings[last] === "string") siblings[last] += text
      else siblings.push(text)
    },
    close: () => void path.pop(),
  })
  const element = root.children.find((child): child is XmlNode => typeof child !== "string")
  if (!element) throw damagedFile(kind)
  return element
}

export const elements = (node: XmlNode): XmlNode[] =>
  node.children.filter((child): child is XmlNode => typeof child !== "string")

export const childOf = (node: XmlNode | undefined, name: string): XmlNode | undefined =>
  node && elements(node).find((child) => child.name === name)

export const childrenOf = (node: XmlNode | undefined, name: string): XmlNode[] =>
  node ? elements(node).filter((child) => child.name === name) : []

/** All elements of a name below, in document order. */
export function findAll(node: XmlNode | undefined, name: string): XmlNode[] {
  if (!node) return []
  const found: XmlNode[] = []
  const visit = (at: XmlNode): void => {
    for (const child of elements(at)) {
      if (child.name === name) found.push(child)
      visit(child)
    }
  }
  visit(node)
  return found
}

export const findFirst = (node: XmlNode | undefined, name: string): XmlNode | undefined => findAll(node, name)[0]

export function textOfNode(node: XmlNode | string | undefined): string {
  if (node === undefined) return ""
  return typeof node === "string" ? node : node.children.map(textOfNode).join("")
}

export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** The encoding that the declaration names counts only where the bytes are not plainly UTF-8 or UTF-16. */
function decodeXml(bytes: Uint8Array): string {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 200))
  const named = /^[^<]{0,4}<\?xml[^>]+encoding\s*=\s*["']([\w-]{1,40})["']/.exec(head)?.[1]
  return decodeText(bytes, named)
}
