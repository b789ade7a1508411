/** Lower-case words without diacritics and common English endings: a light stand-in for the full-text index's tokenizer. */
export const wordsOf = (text: string): string[] => (text.match(/[\p{L}\p{N}]+/gu) ?? []).map(stem)

export const matchesAll = (text: string, wanted: readonly string[]): boolean => {
  const words = wordsOf(text)
  return wanted.every((word, n) =>
    words.some((candidate) => candidate === word || (n === wanted.length - 1 && candidate.startsWith(word))),
  )
}

/** The text with its matched words between U+E000 and U+E001. */
export const marked = (text: string, wanted: readonly string[]): string =>
  text.replaceAll(/[\p{L}\p{N}]+/gu, (word) => {
    const candidate = stem(word)
    const isMatch = wanted.some((one, n) => one === candidate || (n === wanted.length - 1 && candidate.startsWith(one)))
    return isMatch ? `\uE000${word}\uE001` : word
  })

function stem(word: string): string {
  const plain = word.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "")
  const short = plain.replace(/(ing|ed|es|s)$/u, "")
  return short.length >= 3 ? short : plain
}
