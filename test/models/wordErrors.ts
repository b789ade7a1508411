/** Words as they are compared: lower case, no punctuation but apostrophes inside words, hyphens as spaces. */
export function words(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[‘’]/g, "'")
    .replace(/[-‐-―]/g, " ")
    .replace(/[^\p{L}\p{N}' ]+/gu, " ")
    .replace(/(^|\s)'+|'+(?=\s|$)/g, "$1")
    .split(/\s+/)
    .filter((word) => word !== "")
}

/** Words wrong, missing or too many (Levenshtein distance), and words in the reference. */
export function wordErrors(reference: string, heard: string): { errors: number; words: number } {
  const expected = words(reference)
  const actual = words(heard)
  let row = Array.from({ length: actual.length + 1 }, (_, index) => index)
  expected.forEach((word, index) => {
    const next = [index + 1]
    actual.forEach((other, column) => {
      const replaced = (row[column] as number) + (word === other ? 0 : 1)
      next.push(Math.min((row[column + 1] as number) + 1, (next[column] as number) + 1, replaced))
    })
    row = next
  })
  return { errors: row.at(-1) as number, words: expected.length }
}
