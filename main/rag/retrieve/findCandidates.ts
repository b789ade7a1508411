import type { Actor } from "#core/actor.ts"
import type { ChunkRecord, ChunkRepository, SearchFilter } from "#store/types.ts"
import type { SearchSignals } from "../features.ts"
import { type Fused, fuse, type SearchShares } from "../fuse.ts"
import { sharesOf, vectorCloseness } from "../neighbours.ts"

const wordsAlone: SearchShares = { lexical: 1, vector: 0, neighbours: 0 }

export interface Question {
  words: string[]
  filter: SearchFilter
  limit: number
  vector: { vector: Float32Array; fingerprint: string } | null
  shares: SearchShares
}

/** What the index says of a question: kept until the index changes, so it holds nothing that JSON does not. */
export interface Found {
  /** Best first. */
  candidates: SearchSignals[]
  rarity: [term: string, idf: number][]
  /** As they took part. */
  shares: SearchShares
}

/** Both searches at once, fused: every candidate with its place in each, its exact similarity, and how close its neighbours are. */
export async function findCandidates(
  actor: Actor,
  { words, filter, limit, vector: vectorQuery, shares: wanted }: Question,
  chunks: ChunkRepository,
  signal: AbortSignal,
): Promise<Found> {
  const [lexical, nearest, rarity] = await Promise.all([
    chunks.searchLexical(actor, { ...filter, terms: words, limit }),
    vectorQuery ? chunks.searchVector(actor, { ...filter, ...vectorQuery, limit }) : [],
    chunks.inverseDocumentFrequencies(actor, words),
  ])
  signal.throwIfAborted()

  const found = new Map<string, { chunk: ChunkRecord; bm25: number | null; similarity: number | null }>()
  for (const { chunk, bm25 } of lexical) found.set(chunk.id, { chunk, bm25, similarity: null })
  for (const { chunk, similarity } of nearest) {
    found.set(chunk.id, { chunk, bm25: found.get(chunk.id)?.bm25 ?? null, similarity })
  }
  const unscored = [...found.values()].filter((candidate) => candidate.similarity === null)
  if (vectorQuery && unscored.length > 0) {
    const chunkIds = unscored.map(({ chunk }) => chunk.id)
    const similarities = await chunks.similarities(actor, { ...vectorQuery, chunkIds })
    for (const candidate of unscored) candidate.similarity = similarities.get(candidate.chunk.id) ?? null
  }

  const lexicalRank = new Map(lexical.map(({ chunk }, index) => [chunk.id, index + 1]))
  const vectorRank = new Map(nearest.map(({ chunk }, index) => [chunk.id, index + 1]))
  const list = [...found.values()]
  const isCut = (hits: readonly unknown[]): boolean => hits.length >= limit
  const floors = {
    bm25: isCut(lexical) ? (lexical.at(-1)?.bm25 ?? 0) : 0,
    similarity: isCut(nearest) ? (nearest.at(-1)?.similarity ?? null) : null,
  }
  const hasVectors = list.some((candidate) => candidate.similarity !== null)
  const shares = hasVectors ? wanted : wordsAlone
  const fused = fuse(list, shares, floors)
  const sorted = list
    .map((candidate, index) => ({ ...candidate, ...(fused[index] as Fused) }))
    .sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1))
  const neighbours = shares.neighbours ?? 0
  const closeness =
    vectorQuery && neighbours > 0
      ? sharesOf(await vectorCloseness(actor, sorted, vectorQuery.fingerprint, chunks))
      : null
  signal.throwIfAborted()
  const candidates = sorted
    .map(({ chunk, bm25, similarity, score, bm25Share, similarityShare }, index): SearchSignals => {
      const neighbourShare = closeness?.[index] ?? 0
      return {
        chunk,
        bm25,
        similarity,
        rankLexical: lexicalRank.get(chunk.id) ?? 0,
        rankVector: vectorRank.get(chunk.id) ?? 0,
        bm25Share,
        similarityShare,
        neighbourShare,
        conceptualScore: closeness ? (1 - neighbours) * score + neighbours * neighbourShare : score,
      }
    })
    .sort((a, b) => b.conceptualScore - a.conceptualScore || (a.chunk.id < b.chunk.id ? -1 : 1))
  return { candidates, rarity: [...rarity], shares }
}
