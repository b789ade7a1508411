/** Words of a person's query for the full-text index: all must occur, the last may be the start of a word. Null: nothing to look for. */
export function quotedWords(text: string): string | null {
  const words = wordsOf(text)
  if (words.length === 0) return null
  return `${words.map(quoted).join(" ")}*`
}

/** Any of the terms, each as it stands. Null: nothing to look for. */
export function anyTerm(terms: readonly string[]): string | null {
  const usable = [...new Set(terms.filter((term) => wordsOf(term).length > 0))]
  return usable.length === 0 ? null : usable.map(quoted).join(" OR ")
}

/** Inside double quotes the index takes everything literally; NUL would end its text early. */
export const quoted = (term: string): string => `"${term.replaceAll("\0", " ").replaceAll('"', '""')}"`

/** Parts with at least one letter or digit; the rest is punctuation that matches nothing. */
const wordsOf = (text: string): string[] => text.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word))
