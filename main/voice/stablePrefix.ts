/** Words at the end of a partial caption that the next words often change. */
const unsettledWords = 2

/**
 * How much of a partial transcript is settled: the words that the one before had too, without the last two.
 * @returns Characters of `text` from its beginning.
 */
export function stablePrefix(previous: string, text: string): number {
  const before = wordsOf(previous)
  const words = wordsOf(text)
  let agreed = 0
  while (agreed < words.length && sameWord(before[agreed]?.text, words[agreed]?.text)) agreed++
  const settled = Math.min(agreed, words.length - unsettledWords)
  return settled <= 0 ? 0 : (words[settled - 1]?.end ?? 0)
}

function wordsOf(text: string): { text: string; end: number }[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], end: match.index + match[0].length }))
}

/** Punctuation and capitals settle later than the word itself. */
function sameWord(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && bare(a) === bare(b)
}

const bare = (word: string): string => word.toLowerCase().replace(/[^\p{L}\p{N}']/gu, "")
