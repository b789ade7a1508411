/** Stress in phoneme strings of the misaki alphabet (Apache-2.0): ˈ and ˌ stand before the vowel they mark. */

export const primaryStress = "ˈ"
export const secondaryStress = "ˌ"
export const vowels: ReadonlySet<string> = new Set("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")
export const consonants: ReadonlySet<string> = new Set("bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ")
const diphthongs: ReadonlySet<string> = new Set("AIOQWYʤʧ")

/** Length of a word as stress rules weigh it. */
export const stressWeight = (phonemes: string): number =>
  [...phonemes].reduce((sum, phoneme) => sum + (diphthongs.has(phoneme) ? 2 : 1), 0)

/**
 * Moves a word's stress.
 * @param level −2 removes it, −1 lowers primary to secondary, −.5 and 0 the same or add secondary, .5 adds secondary,
 *   1 raises secondary to primary, 2 also adds primary. Null changes nothing.
 */
export function applyStress(phonemes: string, level: number | null): string {
  if (level === null) return phonemes
  const hasPrimary = phonemes.includes(primaryStress)
  const hasSecondary = phonemes.includes(secondaryStress)
  if (level < -1) return phonemes.replaceAll(primaryStress, "").replaceAll(secondaryStress, "")
  if (level === -1 || ((level === 0 || level === -0.5) && hasPrimary))
    return phonemes.replaceAll(secondaryStress, "").replaceAll(primaryStress, secondaryStress)
  if ((level === 0 || level === 0.5 || level === 1) && !hasPrimary && !hasSecondary)
    return beforeFirstVowel(phonemes, secondaryStress)
  if (level >= 1 && !hasPrimary && hasSecondary) return phonemes.replaceAll(secondaryStress, primaryStress)
  if (level > 1 && !hasPrimary && !hasSecondary) return beforeFirstVowel(phonemes, primaryStress)
  return phonemes
}

function beforeFirstVowel(phonemes: string, mark: string): string {
  const at = [...phonemes].findIndex((phoneme) => vowels.has(phoneme))
  if (at < 0) return phonemes
  const all = [...phonemes]
  return [...all.slice(0, at), mark, ...all.slice(at)].join("")
}
