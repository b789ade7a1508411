/** Holds back the end of a growing text while it may turn out to be the start of one of the marks. */
export interface TextGate {
  /** Adds text. Returns what may be shown, and the mark reached, if one was: what follows it stays inside. */
  push(text: string): { text: string; mark?: string }
  /** What is left when the text has ended. */
  flush(): string
  /** Characters shown or swallowed so far; where a reached mark begins. */
  readonly position: number
}

export function createTextGate(marks: readonly string[]): TextGate {
  let held = ""
  let position = 0
  const take = (length: number): string => {
    const text = held.slice(0, length)
    held = held.slice(length)
    position += length
    return text
  }
  return {
    push(text) {
      held += text
      const found = firstMark(held, marks)
      if (found) return { text: take(found.index), mark: found.mark }
      return { text: take(held.length - longestOpenSuffix(held, marks)) }
    },
    flush: () => take(held.length),
    get position() {
      return position
    },
  }
}

/** The earliest mark; of two at one place the longer. */
function firstMark(text: string, marks: readonly string[]): { index: number; mark: string } | undefined {
  let best: { index: number; mark: string } | undefined
  for (const mark of marks) {
    const index = text.indexOf(mark)
    if (index < 0) continue
    if (!best || index < best.index || (index === best.index && mark.length > best.mark.length)) best = { index, mark }
  }
  return best
}

function longestOpenSuffix(text: string, marks: readonly string[]): number {
  let longest = 0
  for (const mark of marks)
    for (let length = Math.min(mark.length - 1, text.length); length > longest; length--)
      if (text.endsWith(mark.slice(0, length))) {
        longest = length
        break
      }
  return longest
}
