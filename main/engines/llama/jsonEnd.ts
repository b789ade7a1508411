/**
 * Follows a JSON text piece by piece and says where its one value ends: the number of characters up to and including the end,
 * or -1 while it is open. Numbers and words end at the first character that cannot belong to them.
 */
export function createJsonEndFinder(): (piece: string) => number {
  let read = 0
  let depth = 0
  let isInString = false
  let isEscaped = false
  let isInWord = false
  let end = -1
  return (piece) => {
    for (const character of piece) {
      if (end >= 0) return end
      const start = read
      read += character.length
      if (isInString) {
        if (isEscaped) isEscaped = false
        else if (character === "\\") isEscaped = true
        else if (character === '"') {
          isInString = false
          if (depth === 0) end = read
        }
      } else if (isInWord && !/[\w.+-]/.test(character)) {
        isInWord = false
        if (depth === 0) end = start
        else if (character === "}" || character === "]") end = --depth === 0 ? read : -1
      } else if (character === '"') isInString = true
      else if (character === "{" || character === "[") depth++
      else if (character === "}" || character === "]") end = --depth === 0 ? read : -1
      else if (/[\w.+-]/.test(character)) isInWord = true
    }
    return end
  }
}
