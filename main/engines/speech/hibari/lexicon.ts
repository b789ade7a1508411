import { isAlphabetic } from "./characters.ts"
import { applyStress, primaryStress, secondaryStress } from "./stress.ts"

/** What the rest of the sentence says about a word, seen from its end. */
export interface SentenceContext {
  /** Whether the next sound is a vowel; null before a pause or the end. */
  isVowelNext: boolean | null
  isToNext: boolean
}

/** A word's phonemes, or one reading per part of speech. */
export type LexiconEntry = string | Record<string, string | null>

export interface Lexicon {
  /** Phonemes of a word with its endings; null when the dictionaries do not have it. `stress`: see applyStress. */
  word(word: string, tag: string, stress: number | null, context: SentenceContext): string | null
  /** Phonemes of a dictionary word as it stands. */
  lookup(word: string, tag: string | null, stress: number | null, context: SentenceContext | null): string | null
  /** Phonemes of a plural or possessive in -s. */
  plural(word: string): string | null
}

const readSymbols = new Map([
  ["%", "percent"],
  ["&", "and"],
  ["+", "plus"],
  ["@", "at"],
])
const addressSymbols = new Map([
  [".", "dot"],
  ["/", "slash"],
])

/**
 * Words to phonemes by misaki's American English dictionaries and rules (Apache-2.0): the alphabet and stress that Kokoro voices were
 * trained on.
 *
 * @param gold Checked entries. @param silver Entries of lower trust, not used for names.
 */
export function createLexicon(gold: Record<string, LexiconEntry>, silver: Record<string, LexiconEntry>): Lexicon {
  const golds = createDictionary(gold)
  const silvers = createDictionary(silver)

  /** Letters spelled one by one, the last one stressed: "GPU". */
  const spelled = (word: string): string | null => {
    const letters = [...word].filter(isAlphabetic).map((letter) => golds(letter.toUpperCase()))
    if (letters.some((letter) => typeof letter !== "string")) return null
    const phonemes = applyStress(letters.join(""), 0)
    const last = phonemes.lastIndexOf(secondaryStress)
    return last < 0 ? phonemes : phonemes.slice(0, last) + primaryStress + phonemes.slice(last + 1)
  }

  const isKnown = (word: string): boolean => {
    if (golds(word) !== undefined || readSymbols.has(word) || silvers(word) !== undefined) return true
    if (!/^[A-Za-z]+$/.test(word)) return false
    if (word.length === 1) return true
    if (word === word.toUpperCase() && golds(word.toLowerCase()) !== undefined) return true
    return word.slice(1) === word.slice(1).toUpperCase()
  }

  const lookup: Lexicon["lookup"] = (given, givenTag, stress, context) => {
    let word = given
    let isName = false
    if (word === word.toUpperCase() && golds(word) === undefined) {
      word = word.toLowerCase()
      isName = givenTag === "NNP"
    }
    const entry = golds(word) ?? (isName ? undefined : silvers(word))
    const phonemes = typeof entry === "object" ? readingFor(entry, givenTag, context) : (entry ?? null)
    if (phonemes === null || (isName && !phonemes.includes(primaryStress))) {
      const letters = spelled(word)
      if (letters !== null) return letters
    }
    return phonemes === null ? null : applyStress(phonemes, stress)
  }

  type Ending = (
    word: string,
    tag: string | null,
    stress: number | null,
    context: SentenceContext | null,
  ) => string | null
  const withS: Ending = (word, tag, stress, context) => {
    if (word.length < 3 || !word.endsWith("s")) return null
    let stem: string
    if (!word.endsWith("ss") && isKnown(word.slice(0, -1))) stem = word.slice(0, -1)
    else if (
      (word.endsWith("'s") || (word.length > 4 && word.endsWith("es") && !word.endsWith("ies"))) &&
      isKnown(word.slice(0, -2))
    )
      stem = word.slice(0, -2)
    else if (word.length > 4 && word.endsWith("ies") && isKnown(`${word.slice(0, -3)}y`)) stem = `${word.slice(0, -3)}y`
    else return null
    return addS(lookup(stem, tag, stress, context))
  }
  const withEd: Ending = (word, tag, stress, context) => {
    if (word.length < 4 || !word.endsWith("d")) return null
    let stem: string
    if (!word.endsWith("dd") && isKnown(word.slice(0, -1))) stem = word.slice(0, -1)
    else if (word.length > 4 && word.endsWith("ed") && !word.endsWith("eed") && isKnown(word.slice(0, -2)))
      stem = word.slice(0, -2)
    else return null
    return addEd(lookup(stem, tag, stress, context))
  }
  const withIng: Ending = (word, tag, stress, context) => {
    if (word.length < 5 || !word.endsWith("ing")) return null
    let stem: string
    if (word.length > 5 && isKnown(word.slice(0, -3))) stem = word.slice(0, -3)
    else if (isKnown(`${word.slice(0, -3)}e`)) stem = `${word.slice(0, -3)}e`
    else if (word.length > 5 && /([bcdgklmnprstvxz])\1ing$|cking$/.test(word) && isKnown(word.slice(0, -4)))
      stem = word.slice(0, -4)
    else return null
    return addIng(lookup(stem, tag, stress, context))
  }

  /** Function words, abbreviations with dots and symbols, whose sound depends on their neighbours. */
  const special = (word: string, tag: string, stress: number | null, context: SentenceContext): string | null => {
    const inAddress = tag === "ADD" ? addressSymbols.get(word) : undefined
    if (inAddress) return lookup(inAddress, null, -0.5, context)
    const symbol = readSymbols.get(word)
    if (symbol) return lookup(symbol, null, null, context)
    if (isDotted(word)) return spelled(word)
    const plain = (name: string): string | null => lookupPlain(golds(name))
    switch (word) {
      case "a":
      case "A":
        return tag === "DT" ? "ɐ" : "ˈA"
      case "am":
      case "Am":
      case "AM":
        if (tag.startsWith("NN")) return spelled(word)
        return context.isVowelNext === null || word !== "am" || (stress ?? 0) > 0 ? plain("am") : "ɐm"
      case "an":
      case "An":
      case "AN":
        return word === "AN" && tag.startsWith("NN") ? spelled(word) : "ɐn"
      case "I":
        return tag === "PRP" ? `${secondaryStress}I` : null
      case "by":
      case "By":
      case "BY":
        return parentTag(tag) === "ADV" ? "bˈI" : null
      case "to":
      case "To":
      case "TO":
        if (word === "TO" && tag !== "TO" && tag !== "IN") return null
        return context.isVowelNext === null ? plain("to") : context.isVowelNext ? "tʊ" : "tə"
      case "in":
      case "In":
      case "IN":
        if (word === "IN" && tag === "NNP") return null
        return `${context.isVowelNext === null || tag !== "IN" ? primaryStress : ""}ɪn`
      case "the":
      case "The":
      case "THE":
        if (word === "THE" && tag !== "DT") return null
        return context.isVowelNext ? "ði" : "ðə"
      case "used":
      case "Used":
      case "USED": {
        const entry = golds("used")
        if (typeof entry !== "object") return null
        return ((tag === "VBD" || tag === "JJ") && context.isToNext ? entry.VBD : entry.DEFAULT) ?? null
      }
      default:
        return tag === "IN" && /^vs\.?$/i.test(word) ? lookup("versus", null, null, context) : null
    }
  }

  const isInDictionaries = (word: string): boolean => golds(word) !== undefined || silvers(word) !== undefined

  return {
    lookup,
    plural: (word) => withS(word, null, null, null),
    word(given, tag, stress, context) {
      const ready = special(given, tag, stress, context)
      if (ready !== null) return ready
      let word = given
      const lower = word.toLowerCase()
      const isCapital = word === word.toUpperCase() || word.slice(1) === word.slice(1).toLowerCase()
      const mayLower =
        [...word].length > 1 &&
        isAlphabetic(word.replaceAll("'", "")) &&
        word !== lower &&
        (tag !== "NNP" || word.length > 7) &&
        !isInDictionaries(word) &&
        isCapital
      const endings = [withS, withEd, withIng]
      if (mayLower && (isInDictionaries(lower) || endings.some((ending) => ending(lower, tag, stress, context))))
        word = lower
      if (isKnown(word)) return lookup(word, tag, stress, context)
      const possessive = `${word.slice(0, -2)}'s`
      if (word.endsWith("s'") && isKnown(possessive)) return lookup(possessive, tag, stress, context)
      if (word.endsWith("'") && isKnown(word.slice(0, -1))) return lookup(word.slice(0, -1), tag, stress, context)
      return (
        withS(word, tag, stress, context) ??
        withEd(word, tag, stress, context) ??
        withIng(word, tag, stress ?? 0.5, context)
      )
    },
  }
}

/** Adds the sound of -s: voiceless, after a sibilant, or voiced. */
export function addS(stem: string | null): string | null {
  if (!stem) return null
  const last = stem.at(-1) ?? ""
  if ("ptkfθ".includes(last)) return `${stem}s`
  return "szʃʒʧʤ".includes(last) ? `${stem}ᵻz` : `${stem}z`
}

/** Adds the sound of -ed. */
export function addEd(stem: string | null): string | null {
  if (!stem) return null
  const last = stem.at(-1) ?? ""
  if ("pkfθʃsʧ".includes(last)) return `${stem}t`
  if (last === "d") return `${stem}ᵻd`
  if (last !== "t") return `${stem}d`
  if (stem.length < 2) return `${stem}ɪd`
  return flaps(stem) ? `${stem.slice(0, -1)}ɾᵻd` : `${stem}ᵻd`
}

/** Adds the sound of -ing. */
export function addIng(stem: string | null): string | null {
  if (!stem) return null
  return flaps(stem) ? `${stem.slice(0, -1)}ɾɪŋ` : `${stem}ɪŋ`
}

/** American t between vowels becomes a flap. */
const flaps = (stem: string): boolean => /[AIOWYiuæɑəɛɪɹʊʌ]t$/.test(stem)

const isDotted = (word: string): boolean =>
  word.replace(/^\.+|\.+$/g, "").includes(".") &&
  isAlphabetic(word.replaceAll(".", "")) &&
  word.split(".").every((part) => part.length < 3)

const lookupPlain = (entry: LexiconEntry | undefined): string | null =>
  typeof entry === "string" ? entry : (entry?.DEFAULT ?? null)

function readingFor(
  entry: Record<string, string | null>,
  tag: string | null,
  context: SentenceContext | null,
): string | null {
  if (context && context.isVowelNext === null && Object.hasOwn(entry, "None")) return entry.None ?? null
  for (const name of [tag, parentTag(tag)]) if (name !== null && Object.hasOwn(entry, name)) return entry[name] ?? null
  return entry.DEFAULT ?? null
}

function parentTag(tag: string | null): string | null {
  if (tag === null) return null
  if (tag.startsWith("VB")) return "VERB"
  if (tag.startsWith("NN")) return "NOUN"
  if (tag.startsWith("ADV") || tag.startsWith("RB")) return "ADV"
  return tag.startsWith("ADJ") || tag.startsWith("JJ") ? "ADJ" : tag
}

/** A lower-case key also answers to its capitalised form and the other way round, unless that form has its own entry. */
function createDictionary(entries: Record<string, LexiconEntry>): (word: string) => LexiconEntry | undefined {
  const map = new Map(Object.entries(entries))
  return (word) => {
    const entry = map.get(word)
    if (entry !== undefined || word.length < 2) return entry
    const lower = word.toLowerCase()
    const capital = word.slice(0, 1).toUpperCase() + lower.slice(1)
    if (word === lower) return capital === word ? undefined : map.get(capital)
    return word === capital ? map.get(lower) : undefined
  }
}
