/** Longest phoneme string the network is given at once; longer ones are split at clause punctuation. */
const phonemeLimit = 400
const sentenceEnd = /(?<=[.!?…])["”’)\]]*\s+(?=\S)/g

/** Sentences of a text, at line ends and closing punctuation; not after titles and initials. */
export function splitIntoSentences(text: string, titles: ReadonlySet<string>): string[] {
  const sentences: string[] = []
  for (const line of text.split(/\s*\n\s*/)) {
    let start = 0
    for (const match of line.matchAll(sentenceEnd)) {
      const next = line[match.index + match[0].length] ?? ""
      if (!endsSentence(line.slice(start, match.index), next, titles)) continue
      sentences.push(line.slice(start, match.index + match[0].trimEnd().length))
      start = match.index + match[0].length
    }
    sentences.push(line.slice(start))
  }
  return sentences.filter((sentence) => sentence.trim() !== "")
}

function endsSentence(before: string, next: string, titles: ReadonlySet<string>): boolean {
  if (next !== next.toUpperCase()) return false
  if (!before.endsWith(".")) return true
  const word = before.slice(before.lastIndexOf(" ") + 1, -1).replace(/^[("“'‘]+/, "")
  return !titles.has(word) && !/^\p{Lu}$/u.test(word)
}

/** Phoneme strings short enough for the network, cut after `, ; :` and dashes. */
export function splitPhonemes(phonemes: string): string[] {
  if (phonemes.length <= phonemeLimit) return phonemes === "" ? [] : [phonemes]
  const pieces: string[] = []
  let current = ""
  for (const part of phonemes.split(/(?<=[,;:—])\s+/).flatMap(atWords)) {
    if (current !== "" && current.length + part.length + 1 > phonemeLimit) {
      pieces.push(current)
      current = part
    } else current = current === "" ? part : `${current} ${part}`
  }
  pieces.push(current)
  return pieces
}

/** A clause without punctuation that is still too long, cut between words. */
function atWords(clause: string): string[] {
  return clause.length <= phonemeLimit ? [clause] : clause.split(" ")
}
