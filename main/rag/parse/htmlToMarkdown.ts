import TurndownService from "turndown"
import { withoutTrailingSpace } from "./readText.ts"
import { refuseDeepHtml } from "./refuseDeepHtml.ts"

/** The part of a DOM that is used here; linkedom's and turndown's own nodes both have it. */
interface TableNode {
  querySelectorAll(selector: string): ArrayLike<TableNode>
  getAttribute(name: string): string | null
  textContent: string | null
}

/** Invisible separator: stands where a line ends inside a cell. */
const lineEnd = "\u2063"

/**
 * Markdown of a fragment: headings, lists, tables and emphasis stay; pictures and scripts do not. `hasLinks`: the address of a link
 * follows its words, for documents; on pages of the web links mostly lead elsewhere.
 */
export function htmlToMarkdown(html: string, { hasLinks = false }: { hasLinks?: boolean } = {}): string {
  refuseDeepHtml(html)
  const service = new TurndownService({
    headingStyle: "atx",
    bulletListMarker: "-",
    codeBlockStyle: "fenced",
    emDelimiter: "*",
  })
  service.remove([
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "form",
    "button",
    "select",
    "input",
    "textarea",
  ])
  // Text is shown and searched, never rendered again from the file: escapes would only disturb both.
  service.escape = (text) => text
  service.addRule("link", {
    filter: "a",
    replacement: (content, node) => {
      const target = (node as unknown as TableNode).getAttribute("href") ?? ""
      const isShown = hasLinks && /^(?:https?|mailto):/i.test(target) && content.trim() !== "" && target.length <= 500
      const words = content.replace(/\s+/g, " ").trim()
      return isShown && !target.replace(/\/$/, "").endsWith(words.replace(/\/$/, ""))
        ? `${content} (${target})`
        : content
    },
  })
  service.addRule("picture", {
    filter: ["img", "svg", "video", "audio", "canvas"] as (keyof HTMLElementTagNameMap)[],
    replacement: (_, node) => (node as unknown as TableNode).getAttribute("alt")?.trim() ?? "",
  })
  service.addRule("table", {
    filter: "table",
    replacement: (content, node) => tableToMarkdown(node as unknown as TableNode) ?? content,
  })
  // The mark survives the collapse of white space, so that lines and items of one table cell stay apart.
  const marked = html.replace(/<br\s*\/?>|<\/(?:li|p|div)>/gi, `${lineEnd}$&`)
  const text = service.turndown(marked).replaceAll(lineEnd, "")
  return withoutTrailingSpace(text).replace(/\n{3,}/g, "\n\n")
}

/** Null for a table that only lays out the page: one column, or another table inside. */
function tableToMarkdown(table: TableNode): string | null {
  if (table.querySelectorAll("table").length > 0) return null
  const rows = Array.from(table.querySelectorAll("tr"))
    .map((row) => Array.from(row.querySelectorAll("th, td")).flatMap(cellTexts))
    .filter((row) => row.some((cell) => cell !== ""))
  const width = Math.max(0, ...rows.map((row) => row.length))
  if (rows.length === 0 || width < 2) return null
  const line = (row: readonly string[]): string =>
    `| ${Array.from({ length: width }, (_, index) => row[index] ?? "").join(" | ")} |`
  const [first = [], ...body] = rows
  // One cell over the whole width is a title, not the names of the columns.
  const isTitled = new Set(first).size === 1 && width > 1
  const header = isTitled ? Array<string>(width).fill("") : first
  const caption =
    table.querySelectorAll("caption")[0]?.textContent?.replace(/\s+/g, " ").trim() || (isTitled ? first[0] : "")
  const grid = [
    line(header),
    line(header.map(() => "---").concat(Array(width - header.length).fill("---"))),
    ...body.map(line),
  ]
  return `\n\n${caption ? `${caption}:\n\n` : ""}${grid.join("\n")}\n\n`
}

/** A cell that spans columns is repeated, so that every value keeps its column. */
function cellTexts(cell: TableNode): string[] {
  const text = (cell.textContent ?? "").replaceAll(lineEnd, " ").replace(/\s+/g, " ").trim().replaceAll("|", "\\|")
  const span = Math.min(50, Math.max(1, Number(cell.getAttribute("colspan")) || 1))
  return Array(span).fill(text)
}
