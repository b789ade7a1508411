/** Character classes as the pronunciation data counts them: letters and digits of any script, not ASCII alone. */

/** Source of a class that matches one word character. */
export const wordClass = "[\\p{L}\\p{N}_]"
/** Source of a class that matches one letter, fractions and superscripts included. */
export const letterClass = "[\\p{L}\\p{Nl}\\p{No}]"
/** Word boundaries: JavaScript's own know ASCII only. */
export const wordStart = `(?<!${wordClass})`
export const wordEnd = `(?!${wordClass})`

export const isAlphabetic = (text: string): boolean => /^\p{L}+$/u.test(text)
/** ASCII digits only. */
export const isDigits = (text: string): boolean => /^[0-9]+$/.test(text)
export const isLower = (text: string): boolean => text === text.toLowerCase() && text !== text.toUpperCase()
export const isUpper = (text: string): boolean => text === text.toUpperCase() && text !== text.toLowerCase()

export const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

/** Alternatives, longest first, so that "km/h" is tried before "km". */
export const alternatives = (words: readonly string[]): string =>
  [...words]
    .sort((a, b) => b.length - a.length)
    .map(escapeRegExp)
    .join("|")
