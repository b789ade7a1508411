/** Tokens to drop when the tail repeats: 1–2 tokens four times over, or 3–8 tokens three times over. 0: no repetition. */
export function repetitionLength(tokens: readonly number[]): number {
  for (let period = 1; period <= 8; period++) {
    const times = period >= 3 ? 3 : 4
    const span = period * times
    if (tokens.length < span) continue
    const tail = tokens.slice(-span)
    if (tail.every((token, index) => index < period || token === tail[index - period])) return period * (times - 1)
  }
  return 0
}

/** Where to cut a decode that ran into its cap: before the second copy of the run or the loose loop that fills its tail. */
export function cutUnfinishedRepetition(tokens: readonly number[]): number {
  return Math.min(cutTailRun(tokens), cutLooseLoop(tokens))
}

/** The tail repeats with a fixed period, the last copy perhaps unfinished. */
function cutTailRun(tokens: readonly number[]): number {
  let cut = tokens.length
  for (let period = 2; period <= 12; period++) {
    let matched = 0
    while (
      matched < tokens.length - period &&
      tokens[tokens.length - 1 - matched] === tokens[tokens.length - 1 - matched - period]
    )
      matched++
    if (matched >= Math.max(3, Math.ceil(period / 2))) cut = Math.min(cut, tokens.length - matched)
  }
  return cut
}

/** Tokens between two copies ("and", a comma) and after the last one, at most. */
const looseness = 2

/** The same 4–12 tokens three times over with up to two others in between, near the end: "1862, and 1862, 1862, and 18". */
function cutLooseLoop(tokens: readonly number[]): number {
  let cut = tokens.length
  for (let size = 4; size <= 12; size++)
    for (let first = 0; first + 3 * size <= cut; first++) {
      const starts = [first]
      for (let at = first + size; at + size <= tokens.length; at++) {
        const last = starts.at(-1) as number
        if (at - last - size > looseness) break
        if (isCopy(tokens, first, at, size)) {
          starts.push(at)
          at += size - 1
        }
      }
      const end = (starts.at(-1) as number) + size
      if (starts.length >= 3 && tokens.length - end <= size + looseness) cut = first + size
    }
  return cut
}

function isCopy(tokens: readonly number[], a: number, b: number, size: number): boolean {
  for (let index = 0; index < size; index++) if (tokens[a + index] !== tokens[b + index]) return false
  return true
}
