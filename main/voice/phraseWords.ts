import { editDistance } from "#core/editDistance.ts"

/** Share of a spelling's letters that may differ: speech-to-text guesses at names it has never read. */
const tolerance = 0.34
/** A phrase with at least so many consonants is also known by them, all but one. */
const leastConsonants = 5

/**
 * Whether somebody says the phrase in this text, and what comes after it: by its letters, or by the sounds of its consonants, which
 * speech-to-text keeps where it takes a name for other words ("Hayes and glow", "he's un-glow").
 *
 * @param spellings How speech-to-text may write the phrase, as it is said first.
 */
export function findPhrase(text: string, spellings: readonly string[]): { rest: string } | null {
  const words = [...text.matchAll(/[\p{L}\p{N}']+/gu)]
  let best: { share: number; end: number } | null = null
  const consider = (share: number, last: RegExpMatchArray | undefined): void => {
    if (last?.index !== undefined && share <= tolerance && (best === null || share < best.share))
      best = { share, end: last.index + last[0].length }
  }
  const consonants = consonantsOf(spellings[0] ?? "")
  for (let from = 0; from < words.length; from++) {
    let heard = ""
    for (let to = from; to < words.length; to++) {
      heard += lettersOf(words[to]?.[0] ?? "")
      for (const spelling of spellings) {
        const wanted = lettersOf(spelling)
        if (heard.length < wanted.length + 8) consider(editDistance(heard, wanted) / wanted.length, words[to])
      }
      const sounds = consonantsOf(heard)
      if (sounds.length > consonants.length + 1) break
      if (consonants.length >= leastConsonants && editDistance(sounds, consonants) <= 1)
        consider(editDistance(sounds, consonants) / consonants.length, words[to])
    }
  }
  const found = best as { end: number } | null
  return found && { rest: text.slice(found.end).replace(/^[\s,.!?:;–—-]+/u, "") }
}

const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "")

/** Letters that are mistaken for each other, by one of them. */
const alike: Readonly<Record<string, string>> = Object.fromEntries(
  ["szcx", "nm", "gkq", "lr", "td", "pbvf", "j", "h"].flatMap((group) => [...group].map((letter) => [letter, group])),
)

/** One letter for each consonant, without repetitions; vowels are what names are misheard by. */
function consonantsOf(text: string): string {
  let sounds = ""
  for (const letter of lettersOf(text)) {
    const sound = alike[letter]?.[0]
    if (sound && !sounds.endsWith(sound)) sounds += sound
  }
  return sounds
}
