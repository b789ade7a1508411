import type { Document } from "#contract/documents.ts"

/** The parser child's one method. The core reads the file and sends its bytes: the child can open no file but its own code. */
export type ParserContract = {
  /** The events say that a page of a long scan was read. */
  parse: { input: ParseInput; output: ParsedDocument; event: ParseProgress }
}

export interface ParseProgress {
  page: number
}

export interface ParseInput {
  bytes: Uint8Array
  /** Name with extension; no folder. */
  fileName: string
  /** Data for text recognition, gzipped. Absent: pictures are not read. */
  recognition?: Uint8Array
}

export interface ParsedDocument {
  kind: Document["kind"]
  title: string
  /** Markdown where the format has structure. Lines end with `\n`. All offsets below are into it. */
  text: string
  /** Where each page begins. Empty for formats without pages. */
  pages: { page: number; start: number }[]
  pageCount: number | null
  /** When the text from `start` on is spoken. Empty or absent for what is not spoken. */
  times?: TimedStart[]
  /** The date the document itself carries: published, sent, last saved. Milliseconds since the epoch. */
  datedAt?: number | null
  sections: TextSection[]
  units: TextUnit[]
}

/** Valid from the offset `start` to the next one's. */
export interface TimedStart {
  start: number
  startMs: number
  endMs: number
}

export interface TextSection {
  /** Headings above the text, outermost first. */
  headingPath: string[]
  /** Where its heading begins. */
  start: number
}

/** The smallest piece a chunk is built of: a sentence, a list item, a table row, a few lines of code. */
export interface TextUnit {
  start: number
  end: number
  /** Index into `sections`. */
  section: number
  /** Units of one block (paragraph, list, table) share it; chunks end between blocks where they can. */
  block: number
  kind: "sentence" | "item" | "row" | "code" | "heading"
  /** Table rows: the row as `column: value` pairs, which models read more reliably than a grid. */
  rendered?: string
  /** Belongs to what follows ("The following parts are included:"). */
  leads?: true
}

/** What a format's reader gives. */
export interface ReadDocument {
  text: string
  /** Null where the format names none. */
  title: string | null
  pages: { page: number; start: number }[]
  pageCount: number | null
  times?: TimedStart[]
  datedAt?: number | null
  /** Given by formats whose text is no Markdown. */
  structure?: { sections: TextSection[]; units: TextUnit[] }
}
