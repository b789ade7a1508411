import type { Pronunciation } from "#contract/settings.ts"

/** What a voice is given: the text with respelled words, and the sounds of words that are written in the phonetic alphabet. */
export interface Pronounced {
  text: string
  /** Words in lower case, in the International Phonetic Alphabet. */
  phonemes: Record<string, string>
}

/**
 * Applies the person's own dictionary. `say` is a respelling ("Nuh-veen"), or sounds between slashes ("/nəˈviːn/"). Whole words only,
 * whatever their case; the longest entry wins; entries of other languages are left out.
 */
export function pronounced(text: string, dictionary: readonly Pronunciation[], language: string): Pronounced {
  const spoken = language.split("-")[0]?.toLowerCase()
  const entries = new Map(
    dictionary
      .filter((entry) => entry.language === undefined || entry.language.split("-")[0]?.toLowerCase() === spoken)
      .map((entry) => [entry.word.toLowerCase(), entry.say]),
  )
  if (entries.size === 0) return { text, phonemes: {} }
  const words = [...entries.keys()].sort((a, b) => b.length - a.length).map(escaped)
  const phonemes: Record<string, string> = {}
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})(?![\\p{L}\\p{N}])`, "giu")
  const respelled = text.replace(pattern, (found) => {
    const say = entries.get(found.toLowerCase()) ?? found
    const sounds = /^\/(.+)\/$/.exec(say)?.[1]
    if (sounds === undefined) return say
    // The lexicon is asked word by word.
    if (/\s/.test(found)) return found
    phonemes[found.toLowerCase()] = sounds
    return found
  })
  return { text: respelled, phonemes }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
