/** Share of a spelling's letters that may differ: speech-to-text guesses at names it has never read. */
const tolerance = 0.34

/**
 * Whether somebody says the phrase in this text, and what comes after it.
 *
 * @param spellings How speech-to-text may write the phrase.
 */
export function findPhrase(text: string, spellings: readonly string[]): { rest: string } | null {
  const words = [...text.matchAll(/[\p{L}\p{N}']+/gu)]
  let best: { share: number; end: number } | null = null
  for (const spelling of spellings) {
    const wanted = lettersOf(spelling)
    for (let from = 0; from < words.length; from++) {
      let heard = ""
      for (let to = from; to < words.length && heard.length < wanted.length + 4; to++) {
        heard += lettersOf(words[to]?.[0] ?? "")
        const share = distance(heard, wanted) / wanted.length
        const last = words[to]
        if (last && share <= tolerance && (best === null || share < best.share))
          best = { share, end: last.index + last[0].length }
      }
    }
  }
  return best && { rest: text.slice(best.end).replace(/^[\s,.!?:;–—-]+/u, "") }
}

const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "")

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let at = 0; at < a.length; at++) {
    const next = [at + 1]
    for (let index = 0; index < b.length; index++)
      next.push(
        Math.min((row[index] ?? 0) + (a[at] === b[index] ? 0 : 1), (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1),
      )
    row = next
  }
  return row[b.length] ?? 0
}
