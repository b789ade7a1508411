/**
 * The text without what ends a line, moves a terminal's cursor, colours it or turns its direction: each such character as its number.
 * Names of files and words of others stand in logs and lists; none of them may look like a line of ours.
 */
export const inOneLine = (text: string): string => text.replace(unsafe, escaped)

/** The same, with line breaks and tabs left as they are. */
export const inPlainText = (text: string): string =>
  text.replace(unsafe, (character) => (character === "\n" || character === "\t" ? character : escaped(character)))

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
