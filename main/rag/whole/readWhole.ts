import { setImmediate as breathe } from "node:timers/promises"
import type { Actor } from "#core/actor.ts"
import type { ChunkRecord, DocumentRecord, Store } from "#store/types.ts"
import { type Block, blocksOf } from "../parse/blocks.ts"
import { stemsOf } from "../words.ts"

/** A place in a document, for citations. */
export interface Place {
  documentId: string
  start: number
  end: number
}

export interface WholeSection extends Place {
  title: string
  level: number
  headingPath: string[]
  /** Without its heading, up to the next heading of any level. */
  text: string
  textStart: number
}

/** A row of a table, or an item of a list. */
export interface WholeItem extends Place {
  text: string
  headingPath: string[]
  /** Rows: cells by column. */
  cells: { column: string; value: string }[] | null
  /** Which table or list of the document it belongs to. */
  group: number
}

export interface WholeDocument {
  document: DocumentRecord
  text: string
  chunks: ChunkRecord[]
  sections: WholeSection[]
  items: WholeItem[]
  /** Words of title and path. */
  nameStems: Set<string>
  /** Characters that were left out at the end: the document is longer than one answer reads. */
  unread: number
}

/** Characters of one document that an answer reads: some 250 pages. */
export const longestRead = 600_000

/** A document as its sections, rows and items. Reads the stored text; lets other work in between long ones. */
export async function readWhole(
  actor: Actor,
  document: DocumentRecord,
  store: Pick<Store, "documents" | "chunks">,
  signal: AbortSignal,
): Promise<WholeDocument> {
  const [{ text: full }, chunks] = await Promise.all([
    store.documents.text(actor, document.id),
    store.chunks.byDocument(actor, document.id),
  ])
  await breathe()
  signal.throwIfAborted()
  const text = full.slice(0, longestRead)
  const { sections, items } = structureOf(document.id, text)
  return {
    document,
    text,
    chunks,
    sections,
    items,
    nameStems: nameStemsOf(document),
    unread: full.length - text.length,
  }
}

export const nameStemsOf = ({ title, path }: Pick<DocumentRecord, "title" | "path">): Set<string> =>
  stemsOf(`${title}\n${path.replace(/\.\w{1,5}$/, "").replaceAll(/[-_./\\]+/g, " ")}\n${path.split("/").at(-1) ?? ""}`)

export function structureOf(documentId: string, text: string): { sections: WholeSection[]; items: WholeItem[] } {
  const blocks = blocksOf(text)
  const sections: WholeSection[] = []
  const items: WholeItem[] = []
  const path: { level: number; title: string }[] = []
  for (const [group, block] of blocks.entries()) {
    if (block.kind === "heading" && block.title !== "") {
      while (path.length > 0 && (path.at(-1) as { level: number }).level >= block.level) path.pop()
      path.push({ level: block.level, title: block.title })
      sections.push({
        documentId,
        title: block.title,
        level: block.level,
        headingPath: path.map(({ title }) => title),
        start: block.start,
        end: block.end,
        text: "",
        textStart: block.end,
      })
      continue
    }
    const headingPath = path.map(({ title }) => title)
    items.push(...itemsOf(documentId, text, block, headingPath, group))
  }
  for (const [index, section] of sections.entries()) {
    section.end = sections[index + 1]?.start ?? text.length
    section.text = text.slice(section.textStart, section.end)
  }
  const firstStart = sections[0]?.start ?? text.length
  if (text.slice(0, firstStart).trim() !== "") {
    const opening = { title: "", level: 0, headingPath: [], start: 0, end: firstStart, text: text.slice(0, firstStart) }
    sections.unshift({ documentId, ...opening, textStart: 0 })
  }
  return { sections, items }
}

function itemsOf(documentId: string, text: string, block: Block, headingPath: string[], group: number): WholeItem[] {
  if (block.kind === "table") {
    return block.rows.flatMap((row) => {
      const cells = row.cells.flatMap((value, index) =>
        value === "" ? [] : [{ column: block.header[index] ?? "", value }],
      )
      if (cells.length === 0) return []
      const shown = cells.map(({ column, value }) => (column === "" ? value : `${column}: ${value}`)).join("; ")
      return [{ documentId, start: row.start, end: row.end, text: shown, headingPath, cells, group }]
    })
  }
  if (block.kind !== "list") return []
  return block.items.map(({ start, end }) => ({
    documentId,
    start,
    end,
    text: plain(text.slice(start, end)),
    headingPath,
    cells: null,
    group,
  }))
}

export const plain = (text: string): string =>
  text
    .replace(/^\s*(?:[-*+•]|\d{1,3}[.)]|>)\s+/, "")
    .replace(/\*\*|__|`/g, "")
    .replace(/\s+/g, " ")
    .trim()
