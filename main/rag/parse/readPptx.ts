import { AppError } from "#core/errors.ts"
import type { ReadDocument } from "./contract.ts"
import { markdownTable } from "./markdownTable.ts"
import { coreProperties, relationsOf } from "./openXml.ts"
import { cleanText } from "./readText.ts"
import { damagedFile, unpackZip, type ZipParts } from "./unpackZip.ts"
import {
  childOf,
  childrenOf,
  elements,
  findAll,
  findFirst,
  oneLine,
  parseXml,
  textOfNode,
  type XmlNode,
} from "./xml.ts"

const kind = "pptx"
const neededPart =
  /^(?:docProps\/core\.xml|ppt\/presentation\.xml|ppt\/_rels\/presentation\.xml\.rels|ppt\/(?:slides|notesSlides|charts|diagrams)\/(?:_rels\/)?[^/]+\.(?:xml|rels))$/
const mostSlides = 5000

/** Slides in the order they are shown: title, texts with their levels, tables, charts, SmartArt, picture descriptions and notes. */
export function readPptx(bytes: Uint8Array): ReadDocument {
  const parts = unpackZip(bytes, kind, (name) => neededPart.test(name))
  const presentation = parts["ppt/presentation.xml"]
  if (!presentation) throw damagedFile(kind)
  const relations = relationsOf(parts, "ppt/presentation.xml", kind)
  const listed = findAll(parseXml(presentation, kind), "p:sldId")
  if (listed.length > mostSlides) {
    throw new AppError("document.too-large", "The presentation holds more than 5,000 slides.", {
      remedy: "Split it into smaller presentations.",
    })
  }
  let text = ""
  const pages: ReadDocument["pages"] = []
  let slideTitle: string | null = null
  for (const [index, entry] of listed.entries()) {
    const path = relations.get(entry.attributes["r:id"] ?? "")?.target
    const part = path === undefined ? undefined : parts[path]
    if (!path || !part) continue
    const blocks = slideBlocks(parts, path, parseXml(part, kind), index + 1)
    slideTitle ??= /^## (?!Slide \d)(.+)$/m.exec(blocks[0] ?? "")?.[1] ?? null
    if (text !== "") text += "\n\n"
    pages.push({ page: index + 1, start: text.length })
    text += cleanText(blocks.join("\n\n"))
  }
  const { title, modifiedAt } = coreProperties(parts, kind)
  return { text, title: usableTitle(title) ?? slideTitle, pages, pageCount: pages.length, datedAt: modifiedAt }
}

/** What the program fills in when nobody named it. */
const usableTitle = (title: string | null): string | null =>
  title && !/^(?:powerpoint[ -]pr|presentation\d*$|slide \d)/i.test(title) ? title : null

function slideBlocks(parts: ZipParts, path: string, slide: XmlNode, number: number): string[] {
  const relations = relationsOf(parts, path, kind)
  const tree = findFirst(slide, "p:spTree")
  const shapes = tree ? flatShapes(tree) : []
  const title = shapes.find((shape) => isTitle(shape))
  const heading = title
    ? oneLine(
        paragraphsOf(title, relations)
          .map(({ text }) => text)
          .join(" "),
      )
    : ""
  const isHidden = slide.attributes.show === "0"
  const blocks = [`## ${heading || `Slide ${number}`}${isHidden ? " (hidden slide)" : ""}`]
  for (const shape of shapes) if (shape !== title) blocks.push(...shapeBlocks(parts, shape, relations))
  for (const { type, target } of relations.values()) {
    const notes = type.endsWith("/notesSlide") ? parts[target] : undefined
    if (!notes) continue
    const lines = findAll(parseXml(notes, kind), "p:sp")
      .filter((shape) => placeholderOf(shape)?.attributes.type === "body")
      .flatMap((shape) => paragraphsOf(shape, new Map()).map(({ text }) => text))
    if (lines.length > 0) blocks.push(`Notes: ${lines.join("\n\n")}`)
  }
  return blocks
}

/** Shapes in drawing order, groups opened. */
const flatShapes = (tree: XmlNode): XmlNode[] =>
  elements(tree).flatMap((node) =>
    node.name === "p:grpSp"
      ? flatShapes(node)
      : ["p:sp", "p:graphicFrame", "p:pic", "p:cxnSp"].includes(node.name)
        ? [node]
        : // Newer drawing features stand behind a choice with a fallback: one of both is enough.
          node.name === "mc:AlternateContent"
          ? flatShapes(childOf(node, "mc:Choice") ?? node)
          : [],
  )

const placeholderOf = (shape: XmlNode): XmlNode | undefined =>
  findFirst(
    elements(shape).find(({ name }) => name.startsWith("p:nv")),
    "p:ph",
  )
const isTitle = (shape: XmlNode): boolean => /^(?:ctrTitle|title)$/.test(placeholderOf(shape)?.attributes.type ?? "")

type Relations = ReturnType<typeof relationsOf>

function shapeBlocks(parts: ZipParts, shape: XmlNode, relations: Relations): string[] {
  if (shape.name === "p:pic") return pictureText(shape)
  if (shape.name === "p:graphicFrame") {
    const table = findFirst(shape, "a:tbl")
    if (table) return [tableText(table, relations)]
    const chart = relations.get(findFirst(shape, "c:chart")?.attributes["r:id"] ?? "")
    if (chart && parts[chart.target]) return chartText(parseXml(parts[chart.target] as Uint8Array, kind))
    const diagram = relations.get(findFirst(shape, "dgm:relIds")?.attributes["r:dm"] ?? "")
    if (diagram && parts[diagram.target])
      return listText(paragraphsOf(parseXml(parts[diagram.target] as Uint8Array, kind), relations))
    return []
  }
  const placeholder = placeholderOf(shape)
  if (/^(?:dt|ftr|sldNum|hdr)$/.test(placeholder?.attributes.type ?? "")) return []
  const paragraphs = paragraphsOf(shape, relations)
  if (placeholder && /^(?:subTitle)$/.test(placeholder.attributes.type ?? "")) return paragraphs.map(({ text }) => text)
  return placeholder && paragraphs.length > 1 ? listText(paragraphs) : paragraphs.map(({ text }) => text)
}

interface Paragraph {
  text: string
  level: number
}

function paragraphsOf(node: XmlNode, relations: Relations): Paragraph[] {
  return findAll(node, "a:p").flatMap((paragraph) => {
    const text = oneLine(
      elements(paragraph)
        .map((run) => runText(run, relations))
        .join(""),
    )
    const level = Number(childOf(paragraph, "a:pPr")?.attributes.lvl ?? 0) || 0
    return text === "" ? [] : [{ text, level: Math.min(8, Math.max(0, level)) }]
  })
}

function runText(run: XmlNode, relations: Relations): string {
  if (run.name === "a:br") return " "
  if (run.name !== "a:r" && run.name !== "a:fld") return ""
  const text = textOfNode(childOf(run, "a:t"))
  const link = relations.get(findFirst(run, "a:hlinkClick")?.attributes["r:id"] ?? "")
  return link?.isExternal && /^(?:https?|mailto):/i.test(link.target) && !link.target.includes(text.trim())
    ? `${text} (${link.target})`
    : text
}

const listText = (paragraphs: readonly Paragraph[]): string[] =>
  paragraphs.length === 0 ? [] : [paragraphs.map(({ text, level }) => `${"  ".repeat(level)}- ${text}`).join("\n")]

function tableText(table: XmlNode, relations: Relations): string {
  const rows = childrenOf(table, "a:tr").map((row) =>
    childrenOf(row, "a:tc").map((cell) =>
      paragraphsOf(cell, relations)
        .map(({ text }) => text)
        .join(" "),
    ),
  )
  const [header = [], ...body] = rows
  return markdownTable(header, body)
}

function pictureText(picture: XmlNode): string[] {
  const description = oneLine(findFirst(picture, "p:cNvPr")?.attributes.descr ?? "")
  return description === "" || /^[^ ]+\.\w{3,4}$/.test(description) ? [] : [`Picture: ${description}`]
}

/** The values that the chart was last drawn with: one row per category, one column per series. */
function chartText(chart: XmlNode): string[] {
  const values = (node: XmlNode | undefined): string[] => {
    const points: string[] = []
    for (const point of findAll(node, "c:pt").slice(0, 2000))
      points[Math.min(2000, Number(point.attributes.idx) || 0)] = oneLine(textOfNode(childOf(point, "c:v")))
    return Array.from(points, (value) => value ?? "")
  }
  const series = findAll(chart, "c:ser")
  if (series.length === 0) return []
  const names = series.map((one, index) => values(childOf(one, "c:tx"))[0] ?? `Series ${index + 1}`)
  const columns = series.map((one) => values(childOf(one, "c:val") ?? childOf(one, "c:yVal")))
  const categories = values(childOf(series[0], "c:cat") ?? childOf(series[0], "c:xVal"))
  const rows = categories.map((category, row) => [category, ...columns.map((column) => column[row] ?? "")])
  const title = oneLine(
    findAll(childOf(findFirst(chart, "c:chart"), "c:title"), "a:t")
      .map(textOfNode)
      .join(" "),
  )
  return [`Chart${title ? `: ${title}` : ""}`, markdownTable(["", ...names], rows)]
}
