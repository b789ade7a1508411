import type Database from "better-sqlite3"
import { insertBest, type ScoredRow } from "../bestRows.ts"
import { createWordTokens } from "./wordTokens.ts"

/**
 * BM25 over the full-text index `chunks_fts`. The index keeps which word stands where; the scores are made here, from occurrences read
 * once per word and kept until a chunk changes. SQLite's own `bm25()` reads and scores every match for every query: with the
 * words people use it takes four times as long.
 */
export interface WordIndex {
  /** Best chunks first, equal ones by seq. `documents`: 1 at the seq of those that take part; null: all. */
  search(terms: readonly string[], documents: Uint8Array | null, limit: number): ScoredRow[]
  /** Chunks that hold the term. */
  count(term: string, documents: Uint8Array | null): number
  /** Chunks there are in these documents. */
  total(documents: Uint8Array | null): number
  /** A chunk was added, changed or removed. */
  changed(seq: number): void
  /** The whole index was made anew. */
  reset(): void
  close(): void
}

interface Postings {
  seqs: Uint32Array
  /** Occurrences, those in title and headings counted more. */
  weights: Float32Array
}

const k1 = 1.2
const b = 0.75
/** Weights of an occurrence in title, headings and body, as in `bm25(chunks_fts, 3, 2, 1)`. */
const columnWeights = [3, 2, 1] as const
/** Of longer questions the rarest words decide. */
const mostTerms = 64
const mostCandidates = 256
/** Occurrences kept for all words together: 32 MB. */
const mostPostings = 4_000_000

export function createWordIndex(db: Database.Database): WordIndex {
  const tokens = createWordTokens()
  db.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS temp.chunk_words USING fts5vocab (main, chunks_fts, instance);
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.chunk_word_counts USING fts5vocab (main, chunks_fts, row)`)
  const read = db
    .prepare(
      `SELECT json_group_array(doc * 4 + CASE col WHEN 'title' THEN 0 WHEN 'headings' THEN 1 ELSE 2 END)
        FROM temp.chunk_words WHERE term = ?`,
    )
    .pluck()
  const positions = db
    .prepare(
      `SELECT doc, CASE col WHEN 'title' THEN 0 WHEN 'headings' THEN 1 ELSE 2 END, "offset"
        FROM temp.chunk_words WHERE term = ?`,
    )
    .raw()
  const countOf = db.prepare("SELECT doc FROM temp.chunk_word_counts WHERE term = ?").pluck()
  const cache = new Map<string, Postings>()
  let kept = 0
  const changes = new Set<number>()
  /** Document and number of words of each chunk, by seq; document 0: no such chunk. */
  let documentOf = new Uint32Array(0)
  let lengthOf = new Uint32Array(0)
  let scores = new Float64Array(0)
  let chunks = 0
  let words = 0
  let isLoaded = false

  function catchUp(): void {
    if (isLoaded && changes.size === 0) return
    cache.clear()
    kept = 0
    if (!isLoaded || changes.size > 512) load()
    else patch()
    changes.clear()
    if (scores.length < documentOf.length) scores = new Float64Array(documentOf.length)
  }

  function load(): void {
    const [seqs, documents] = db
      .prepare("SELECT json_group_array(seq), json_group_array(document_seq) FROM chunks INDEXED BY chunks_of_document")
      .raw()
      .get() as [string, string]
    const [rows, sizes] = db
      .prepare("SELECT json_group_array(id), group_concat(hex(sz), ' ') FROM chunks_fts_docsize")
      .raw()
      .get() as [string, string | null]
    const chunkSeqs = JSON.parse(seqs) as number[]
    const chunkDocuments = JSON.parse(documents) as number[]
    const highest = chunkSeqs.reduce((max, seq) => Math.max(max, seq), 0)
    documentOf = new Uint32Array(highest + 1)
    lengthOf = new Uint32Array(highest + 1)
    for (const [n, seq] of chunkSeqs.entries()) documentOf[seq] = chunkDocuments[n] as number
    const indexed = JSON.parse(rows) as number[]
    const lengths = (sizes ?? "").split(" ")
    chunks = indexed.length
    words = 0
    for (const [n, seq] of indexed.entries()) {
      const length = wordsIn(lengths[n] ?? "")
      words += length
      if (seq <= highest) lengthOf[seq] = length
    }
    isLoaded = true
  }

  function patch(): void {
    const highest = Math.max(documentOf.length - 1, ...changes)
    if (highest >= documentOf.length) {
      // By an eighth more, so that adding chunk by chunk does not copy each time.
      documentOf = resized(documentOf, Math.ceil((highest + 1) * 1.125))
      lengthOf = resized(lengthOf, documentOf.length)
    }
    const row = db.prepare(
      `SELECT k.document_seq AS document, hex(s.sz) AS size FROM chunks k LEFT JOIN chunks_fts_docsize s ON s.id = k.seq WHERE k.seq = ?`,
    )
    for (const seq of changes) {
      const now = row.get(seq) as { document: number; size: string } | undefined
      if (documentOf[seq] !== 0) chunks--
      words -= lengthOf[seq] as number
      documentOf[seq] = now?.document ?? 0
      lengthOf[seq] = now ? wordsIn(now.size) : 0
      if (now) chunks++
      words += lengthOf[seq] as number
    }
  }

  /** The words of a term: usually one; of "wi-fi" two, which must follow each other. */
  function postingsOf(term: string): Postings {
    const parts = tokens.of(term)
    const key = parts.join(" ")
    const known = cache.get(key)
    if (known) {
      cache.delete(key)
      cache.set(key, known)
      return known
    }
    const places = parts.length === 1 ? (JSON.parse(read.get(parts[0]) as string) as number[]) : phrasePlaces(parts)
    const postings = gathered(places)
    cache.set(key, postings)
    kept += postings.seqs.length
    for (const [oldest, { seqs }] of cache) {
      if (kept <= mostPostings || oldest === key) break
      cache.delete(oldest)
      kept -= seqs.length
    }
    return postings
  }

  /** Where all parts stand in a row: chunk and column as one number each. */
  function phrasePlaces(parts: readonly string[]): number[] {
    let starts: Set<number> | undefined
    for (const [n, part] of parts.entries()) {
      const here = new Set<number>()
      for (const [doc, col, offset] of positions.all(part) as [number, number, number][]) {
        const start = (doc * 4 + col) * 2 ** 20 + offset - n
        if (starts === undefined || starts.has(start)) here.add(start)
      }
      starts = here
    }
    return [...(starts ?? [])].map((start) => Math.floor(start / 2 ** 20)).sort((a, z) => a - z)
  }

  function distinctTerms(terms: readonly string[]): string[] {
    const byKey = new Map<string, string>()
    for (const term of terms.slice(0, 4 * mostCandidates)) {
      const key = tokens.of(term).join(" ")
      if (key !== "" && !byKey.has(key) && byKey.size < mostCandidates) byKey.set(key, term)
    }
    const distinct = [...byKey.values()]
    if (distinct.length <= mostTerms) return distinct
    const rarity = (term: string): number =>
      Math.min(...tokens.of(term).map((token) => Number(countOf.get(token) ?? 0)))
    return distinct
      .map((term) => ({ term, count: rarity(term) }))
      .sort((a, z) => a.count - z.count)
      .slice(0, mostTerms)
      .map(({ term }) => term)
  }

  return {
    search(terms, documents, limit) {
      catchUp()
      const average = chunks === 0 ? 1 : words / chunks
      const lists = distinctTerms(terms).map(postingsOf)
      for (const { seqs, weights } of lists) {
        const idf = Math.max(1e-6, Math.log((chunks - seqs.length + 0.5) / (seqs.length + 0.5)))
        for (let n = 0; n < seqs.length; n++) {
          const seq = seqs[n] as number
          const document = documentOf[seq] as number
          if (document === 0 || (documents !== null && documents[document] !== 1)) continue
          const frequency = weights[n] as number
          const longer = 1 - b + (b * (lengthOf[seq] as number)) / average
          scores[seq] = (scores[seq] as number) + (idf * frequency * (k1 + 1)) / (frequency + k1 * longer)
        }
      }
      const best: ScoredRow[] = []
      let worst = 0
      for (const { seqs } of lists) {
        for (let n = 0; n < seqs.length; n++) {
          const seq = seqs[n] as number
          const score = scores[seq] as number
          if (score === 0) continue
          scores[seq] = 0
          if (best.length === limit && score < worst) continue
          insertBest(best, { seq, score }, limit)
          if (best.length === limit) worst = (best[limit - 1] as ScoredRow).score
        }
      }
      return best
    },
    count(term, documents) {
      catchUp()
      if (tokens.of(term).length === 0) return 0
      const { seqs } = postingsOf(term)
      if (documents === null) return seqs.length
      let count = 0
      for (const seq of seqs) if (documents[documentOf[seq] as number] === 1) count++
      return count
    },
    total(documents) {
      catchUp()
      if (documents === null) return chunks
      let count = 0
      for (const document of documentOf) if (documents[document] === 1) count++
      return count
    },
    changed: (seq) => void changes.add(seq),
    reset() {
      isLoaded = false
    },
    close: tokens.close,
  }
}

/** Occurrences in order of their chunks, summed by chunk. */
function gathered(places: readonly number[]): Postings {
  const seqs = new Uint32Array(places.length)
  const weights = new Float32Array(places.length)
  let size = 0
  for (const place of places) {
    const seq = Math.floor(place / 4)
    if (size === 0 || seqs[size - 1] !== seq) seqs[size++] = seq
    weights[size - 1] = (weights[size - 1] as number) + (columnWeights[place % 4] as number)
  }
  return { seqs: seqs.slice(0, size), weights: weights.slice(0, size) }
}

/** Sum of the index's row of column sizes: one variable-length number per column, most significant seven bits first, in hexadecimal. */
function wordsIn(hex: string): number {
  let sum = 0
  let value = 0
  for (let at = 0; at < hex.length; at += 2) {
    const byte = Number.parseInt(hex.slice(at, at + 2), 16)
    value = value * 128 + (byte & 127)
    if (byte < 128) {
      sum += value
      value = 0
    }
  }
  return sum
}

function resized(values: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(values)
  return larger
}
