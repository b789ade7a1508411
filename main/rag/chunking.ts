/** How documents are split into passages: indexes split differently are not the same index. */
export interface Chunking {
  /** Of `chunkDocument`'s rules; passages of another version may have other borders. */
  version: number
  targetTokens: number
  overlapTokens: number
}

/** Goes up whenever the same document would be split at other places, so that indexes made before are made anew. */
export const chunkerVersion = 1

/** Tokens of a passage unless the person chose otherwise. */
export const defaultPassageTokens = 200
const overlapTokens = 30
/** Room for title and headings in what the embedder reads. */
const reservedTokens = 40
const leastTokens = 64

/** How documents are to be split for this embedder. @param passageTokens As the person wants them. */
export function chunkingFor(passageTokens: number, embedder: { maxTokens: number } | null): Chunking {
  const most = Math.max(leastTokens, (embedder?.maxTokens ?? 256) - reservedTokens)
  return { version: chunkerVersion, targetTokens: Math.min(passageTokens, most), overlapTokens }
}

/** Names it in settings and file names: `1-200-30`. */
export const chunkingName = ({ version, targetTokens, overlapTokens: overlap }: Chunking): string =>
  [version, targetTokens, overlap].join("-")

/** What a name stands for. Null: it is none. */
export function chunkingOf(name: string): Chunking | null {
  const [version, targetTokens, overlap] = (/^(\d+)-(\d+)-(\d+)$/.exec(name)?.slice(1) ?? []).map(Number)
  if (version === undefined || targetTokens === undefined || overlap === undefined) return null
  return { version, targetTokens, overlapTokens: overlap }
}
