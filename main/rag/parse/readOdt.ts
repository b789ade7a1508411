import type { ReadDocument } from "./contract.ts"
import { markdownTable } from "./markdownTable.ts"
import { dateOf } from "./openXml.ts"
import { cleanText } from "./readText.ts"
import { damagedFile, encryptedFile, unpackZip } from "./unpackZip.ts"
import { childOf, childrenOf, elements, findFirst, oneLine, parseXml, textOfNode, type XmlNode } from "./xml.ts"

const kind = "odt"

/** An OpenDocument text: headings, lists with their levels, tables, notes, links and picture descriptions. */
export function readOdt(bytes: Uint8Array): ReadDocument {
  const parts = unpackZip(bytes, kind, (name) => /^(?:content|meta|META-INF\/manifest)\.xml$/.test(name))
  const manifest = parts["META-INF/manifest.xml"]
  if (manifest && findFirst(parseXml(manifest, kind), "manifest:encryption-data")) throw encryptedFile()
  if (!parts["content.xml"]) throw damagedFile(kind)
  const body = findFirst(parseXml(parts["content.xml"], kind), "office:text")
  if (!body) throw damagedFile(kind)
  const notes: string[] = []
  const blocks = blocksOf(body, notes)
  if (notes.length > 0) blocks.push("## Notes", notes.map((note, index) => `[${index + 1}] ${note}`).join("\n\n"))
  const meta = parts["meta.xml"] ? parseXml(parts["meta.xml"], kind) : undefined
  const title = oneLine(textOfNode(findFirst(meta, "dc:title"))).slice(0, 300)
  return {
    text: cleanText(blocks.join("\n\n")),
    title: title || null,
    pages: [],
    pageCount: null,
    datedAt: dateOf(textOfNode(findFirst(meta, "dc:date"))),
  }
}

function blocksOf(parent: XmlNode, notes: string[]): string[] {
  return elements(parent).flatMap((node): string[] => {
    switch (node.name) {
      case "text:h": {
        const level = Math.min(6, Math.max(1, Number(node.attributes["text:outline-level"]) || 1))
        return keep(`${"#".repeat(level)} `, inline(node, notes))
      }
      case "text:p":
        return keep("", inline(node, notes))
      case "text:list":
        return [listLines(node, notes, 0).join("\n")].filter(Boolean)
      case "table:table":
        return [tableText(node, notes)].filter(Boolean)
      case "text:section":
      case "text:index-body":
      case "draw:frame":
      case "draw:text-box":
        return blocksOf(node, notes)
      // Tables of contents and the log of tracked changes repeat what stands elsewhere.
      default:
        return []
    }
  })
}

const keep = (mark: string, text: string): string[] => (text === "" ? [] : [mark + text])

function listLines(list: XmlNode, notes: string[], level: number): string[] {
  return childrenOf(list, "text:list-item").flatMap((item) =>
    elements(item).flatMap((node) =>
      node.name === "text:list"
        ? listLines(node, notes, Math.min(8, level + 1))
        : keep(`${"  ".repeat(level)}- `, inline(node, notes)),
    ),
  )
}

function tableText(table: XmlNode, notes: string[]): string {
  const rows: string[][] = []
  const visit = (parent: XmlNode): void => {
    for (const node of elements(parent)) {
      if (node.name === "table:table-row") rows.push(rowCells(node, notes))
      else if (/^table:table-(?:header-rows|rows|row-group)$/.test(node.name)) visit(node)
    }
  }
  visit(table)
  const [header = [], ...body] = rows.filter((row) => row.some((cell) => cell !== ""))
  return header.length === 0 ? "" : markdownTable(header, body)
}

const rowCells = (row: XmlNode, notes: string[]): string[] =>
  elements(row).flatMap((cell) => {
    const repeated = Math.min(50, Math.max(1, Number(cell.attributes["table:number-columns-repeated"]) || 1))
    return Array<string>(repeated).fill(blocksOf(cell, notes).join(" "))
  })

function inline(node: XmlNode, notes: string[]): string {
  const text = node.children
    .map((child): string => {
      if (typeof child === "string") return child
      switch (child.name) {
        case "text:s":
        case "text:tab":
        case "text:line-break":
          return " "
        case "text:note": {
          notes.push(oneLine(blocksOf(childOf(child, "text:note-body") ?? child, []).join(" ")))
          return ` [${notes.length}]`
        }
        case "text:a": {
          const target = child.attributes["xlink:href"] ?? ""
          const label = inline(child, notes)
          return /^(?:https?|mailto):/i.test(target) && !target.includes(label) ? `${label} (${target})` : label
        }
        case "office:annotation":
        case "text:tracked-changes":
          return ""
        case "draw:frame":
          return oneLine(textOfNode(findFirst(child, "svg:desc")) || blocksOf(child, notes).join(" "))
        default:
          return inline(child, notes)
      }
    })
    .join("")
  return text.replace(/\s+/g, " ").replace(/^ | $/g, node.name.startsWith("text:span") ? "$&" : "")
}
