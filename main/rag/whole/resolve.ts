import type { Collection } from "#contract/documents.ts"
import type { DocumentRecord } from "#store/types.ts"
import { isStopWord, stemsOf, wordsOf } from "../words.ts"
import { nameStemsOf } from "./readWhole.ts"

/** What a question may name: documents that are ready, and their collections. */
export interface Library {
  documents: readonly DocumentRecord[]
  collections: readonly Collection[]
  /** The document the conversation is about: "this document". */
  focus: DocumentRecord | null
}

/** Words that say that something is a document, not which one. */
const generic = new Set(
  "document documents file files pdf docx text texts note notes page paper papers full entire whole complete collection library folder list table sheet spreadsheet".split(
    " ",
  ),
)
const everything =
  /^(?:(?:all|every|each)\s+(?:of\s+)?)?(?:(?:the|my|our|these|those)\s+)?(?:documents?|files?|notes|papers|library|collections?|folders?|everything)$/i
const here =
  /^(?:this|that|the (?:current|above|same|open))(?:\s+(?:document|file|text|page|note|paper|table|sheet|one|pdf|list))?$|^it$/i
const bare = /^(?:the|my)\s+(?:document|file|text|paper|table|sheet|spreadsheet|pdf|list)$/i

/** Stems of the words that say what something is about. */
export const topicStems = (text: string): Set<string> =>
  new Set(
    wordsOf(text)
      .filter(({ word }) => !isStopWord(word) && !generic.has(word))
      .map(({ stem }) => stem),
  )

/** The documents that a phrase names: all of its topic words stand in their titles or paths. The closest titles first. */
export function namedDocuments(phrase: string, library: Library): DocumentRecord[] {
  const text = phrase.trim().replace(/^[“"'‘]|[”"'’]$/g, "")
  const { documents, focus } = library
  if (here.test(text)) return focus ? [focus] : documents.length === 1 ? [...documents] : []
  if (bare.test(text)) return documents.length === 1 ? [...documents] : focus ? [focus] : []
  const file = documents.filter(({ path }) => (path.split("/").at(-1) ?? "").toLowerCase() === text.toLowerCase())
  if (file.length > 0) return file
  const wanted = topicStems(text)
  if (wanted.size === 0) return []
  return documents
    .map((document) => ({ document, name: nameStemsOf(document) }))
    .filter(({ name }) => [...wanted].every((stem) => name.has(stem)))
    .map(({ document, name }) => ({
      document,
      share: wanted.size / Math.max(1, stemsOf(document.title).size, name.size / 3),
    }))
    .sort((a, b) => b.share - a.share || (a.document.id < b.document.id ? -1 : 1))
    .map(({ document }) => document)
}

export interface Scope {
  documents: readonly DocumentRecord[]
  /** As a label says it: “Rental agreement”, or your documents. */
  name: string
  isEverything: boolean
}

/** Where a question looks. Null: it names something that is neither a document nor a collection. */
export function scopeOf(where: string | null, library: Library): Scope | null {
  if (where === null || everything.test(where.trim())) {
    return { documents: library.documents, name: "your documents", isEverything: true }
  }
  const named = namedDocuments(where, library)
  const first = named[0]
  if (first)
    return {
      documents: named,
      name: named.length === 1 ? `“${first.title}”` : countOf(named.length, "document"),
      isEverything: false,
    }
  const wanted = topicStems(where)
  const collection =
    wanted.size === 0 ? undefined : library.collections.find((known) => isSame(topicStems(known.name), wanted))
  if (!collection) return null
  const documents = library.documents.filter(({ collectionId }) => collectionId === collection.id)
  return { documents, name: `“${collection.name}”`, isEverything: false }
}

const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((value) => b.has(value))

export const countOf = (n: number, noun: string): string =>
  `${n.toLocaleString("en")} ${n === 1 ? noun : /(?:s|x|ch)$/.test(noun) ? `${noun}es` : /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`}`
