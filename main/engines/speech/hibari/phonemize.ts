import { isAlphabetic, isDigits } from "./characters.ts"
import type { Lexicon, SentenceContext } from "./lexicon.ts"
import { currencies, isNumber, readNumber } from "./numbers.ts"
import { applyStress, consonants, primaryStress, stressWeight, vowels } from "./stress.ts"
import type { RawToken } from "./tokenize.ts"

export interface PhonemizerDeps {
  normalize(text: string): string
  tokenize(text: string): RawToken[]
  tag(words: readonly string[]): string[]
  lexicon: Lexicon
  /** Phonemes of a word no dictionary has; null when it has no letter that can be read. */
  readUnknown(word: string): Promise<string | null>
}

/** A piece of the sentence; a word may be several of them ("GPT" + "-" + "4"). */
interface Token {
  text: string
  tag: string
  whitespace: "" | " "
  phonemes: string | null
  /** What is read in its place. */
  alias: string | null
  /** False for the later pieces of a word. */
  isHead: boolean
  currency: string | null
  needsSpaceBefore: boolean
}

const subtoken =
  /^['‘’]+|[A-ZÀ-ÖØ-Þ](?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])|(?:^-)?(?:\d?[,.]?\d)+|[-_]+|['‘’]{2,}|[\p{L}\p{Nl}\p{No}]*?(?:['‘’][\p{L}\p{Nl}\p{No}])*?[a-zß-öø-ÿ](?=[A-ZÀ-ÖØ-Þ])|[\p{L}\p{Nl}\p{No}]+(?:['‘’][\p{L}\p{Nl}\p{No}])*|[^\p{L}\p{N}_\-'‘’]|['‘’]+$/gu
const unknownPiece = /[\p{L}\p{Nl}\p{No}]+(?:['’][\p{L}\p{Nl}\p{No}]+)*|\d+(?:[,.]\d+)*|[^\p{L}\p{N}_\s]+/gu
const joiners: ReadonlySet<string> = new Set("',-._‘’/")
const punctuation: ReadonlySet<string> = new Set(';:,.!?—…"“”')
const pauses: ReadonlySet<string> = new Set(";:,.!?—…")
const punctuationTags: ReadonlySet<string> = new Set([
  ".",
  ",",
  "-LRB-",
  "-RRB-",
  "``",
  '""',
  "''",
  ":",
  "$",
  "#",
  "NFP",
])
const tagPhonemes = new Map([
  ["-LRB-", "("],
  ["-RRB-", ")"],
  ["``", "“"],
  ['""', "”"],
  ["''", "”"],
])
const symbolPhonemes = new Map([
  ["/", "slˈæʃ"],
  ["=", "ˈikwᵊlz"],
  ["+", "plˈʌs"],
  ["&", "ænd"],
  ["@", "æt"],
  ["%", "pəɹsˈɛnt"],
  ["#", "hˈæʃ"],
  ["*", "ˈæstəɹˌɪsk"],
  ["~", "tˈɪldə"],
  ["^", "kˈɛɹət"],
  ["<", "lˈɛs ðən"],
  [">", "ɡɹˈATəɹ ðən"],
  ["—", "—"],
])

/**
 * Text → phonemes in the misaki alphabet. The stages and their order are misaki's (Apache-2.0) as the `hibari` package carries them:
 * normalise, tokenise, tag, look up from the last word to the first (so that "the" knows the next sound), resolve stress in compounds.
 */
export function createPhonemizer(deps: PhonemizerDeps): (text: string) => Promise<string> {
  const { lexicon } = deps

  const readToken = (token: Token, context: SentenceContext): string | null => {
    const word = (token.alias ?? token.text).replaceAll(/[‘’]/g, "'").normalize("NFKC")
    const stress = word === word.toLowerCase() ? null : word === word.toUpperCase() ? 2 : 0.5
    const known = lexicon.word(word, token.tag, stress, context)
    if (known !== null) {
      const unit = token.currency === null ? undefined : currencies.get(token.currency)
      const unitPhonemes = unit ? lexicon.plural(`${unit[0]}s`) : null
      return unitPhonemes ? `${known} ${unitPhonemes}` : known
    }
    return isNumber(word, token.isHead) ? readNumber(word, token.currency, token.isHead, lexicon) : null
  }

  /** Letters go to the network, digits to the number reader, symbols to a table. */
  const readUnknownToken = async (token: Token): Promise<string> => {
    const parts: string[] = []
    for (const [piece] of token.text.matchAll(unknownPiece)) {
      let part: string | null
      if (/^\d/.test(piece)) part = readNumber(piece, null, false, lexicon)
      else if (/^[\p{L}\p{Nl}\p{No}]/u.test(piece)) part = await deps.readUnknown(piece)
      else part = [...piece].map((symbol) => symbolPhonemes.get(symbol) ?? "").join("")
      if (part) parts.push(part)
    }
    return parts.join(" ")
  }

  const readCompound = async (word: Token[], before: SentenceContext): Promise<SentenceContext> => {
    let context = before
    let left = 0
    let right = word.length
    while (left < right) {
      const span = word.slice(left, right)
      const isOpen = span.every((token) => token.alias === null && token.phonemes === null)
      const merged = isOpen ? mergeTokens(span) : null
      const phonemes = merged ? readToken(merged, context) : null
      if (merged && phonemes !== null) {
        for (const [index, token] of span.entries()) token.phonemes = index === 0 ? phonemes : ""
        context = contextBefore(context, phonemes, merged)
        right = left
        left = 0
      } else if (left + 1 < right) left++
      else {
        right--
        left = 0
        const token = word[right]
        if (!token || token.phonemes !== null) continue
        if (![...token.text].every((character) => joiners.has(character))) {
          const whole = await readUnknownToken(mergeTokens(word))
          for (const [index, each] of word.entries()) each.phonemes = index === 0 ? whole : ""
          return context
        }
        token.phonemes = ""
      }
    }
    resolveStress(word)
    return context
  }

  return async (text) => {
    const raw = deps.tokenize(deps.normalize(text))
    const tags = deps.tag(raw.map((token) => token.text))
    const words = splitIntoWords(
      raw.map((token, index) => createToken(token.text, tags[index] ?? "NN", token.whitespace)),
    )
    let context: SentenceContext = { isVowelNext: null, isToNext: false }
    for (const word of words.toReversed()) {
      const [only] = word
      if (only && word.length === 1) {
        only.phonemes ??= readToken(only, context) ?? (await readUnknownToken(only))
        context = contextBefore(context, only.phonemes, only)
      } else context = await readCompound(word, context)
    }
    return words
      .map((word) => joinPhonemes(word).replaceAll("ɾ", "T").replaceAll("ʔ", "t") + (word.at(-1)?.whitespace ?? ""))
      .join("")
      .trim()
  }
}

function createToken(text: string, tag: string, whitespace: "" | " "): Token {
  return { text, tag, whitespace, phonemes: null, alias: null, isHead: true, currency: null, needsSpaceBefore: false }
}

/** Cuts tokens at case changes, digits and hyphens, answers punctuation, and groups the pieces that stand without a space. */
function splitIntoWords(tokens: readonly Token[]): Token[][] {
  const words: { pieces: Token[]; isOpen: boolean }[] = []
  let currency: string | null = null
  for (const [index, token] of tokens.entries()) {
    const pieces = [...token.text.matchAll(subtoken)].map(([text]) => createToken(text, token.tag, ""))
    const lastPiece = pieces.at(-1)
    if (!lastPiece) continue
    lastPiece.whitespace = token.whitespace
    for (const [at, piece] of pieces.entries()) {
      const neighbours = (pieces[at - 1]?.text.at(-1) ?? "") + (pieces[at + 1]?.text[0] ?? "")
      if (piece.tag === "$" && currencies.has(piece.text)) {
        currency = piece.text
        piece.phonemes = ""
      } else if (piece.tag === ":" && (piece.text === "-" || piece.text === "–")) piece.phonemes = "—"
      else if (punctuationTags.has(piece.tag) && !/^[A-Za-z]*$/.test(piece.text))
        piece.phonemes =
          tagPhonemes.get(piece.tag) ?? [...piece.text].filter((character) => punctuation.has(character)).join("")
      else if (currency !== null) {
        if (piece.tag !== "CD") currency = null
        else if (at + 1 === pieces.length && tokens[index + 1]?.tag !== "CD") piece.currency = currency
      } else if (at > 0 && at < pieces.length - 1 && piece.text === "2" && isAlphabetic(neighbours)) piece.alias = "to"

      const previous = words.at(-1)
      if (piece.alias !== null || piece.phonemes !== null) words.push({ pieces: [piece], isOpen: false })
      else if (previous?.isOpen && !previous.pieces.at(-1)?.whitespace) {
        piece.isHead = false
        previous.pieces.push(piece)
      } else words.push({ pieces: [piece], isOpen: piece.whitespace === "" })
    }
  }
  return words.map((word) => word.pieces)
}

function contextBefore(context: SentenceContext, phonemes: string, token: Token): SentenceContext {
  let { isVowelNext } = context
  for (const phoneme of phonemes) {
    if (pauses.has(phoneme)) isVowelNext = null
    else if (vowels.has(phoneme)) isVowelNext = true
    else if (consonants.has(phoneme)) isVowelNext = false
    else continue
    break
  }
  const isTo = token.text === "to" || token.text === "To"
  return { isVowelNext, isToNext: isTo || (token.text === "TO" && (token.tag === "TO" || token.tag === "IN")) }
}

function mergeTokens(tokens: readonly Token[]): Token {
  const weight = (token: Token): number =>
    [...token.text].reduce((sum, character) => sum + (character === character.toLowerCase() ? 1 : 2), 0)
  const heaviest = tokens.reduce((best, token) => (weight(token) > weight(best) ? token : best))
  const last = tokens.at(-1)
  const found = tokens.map((token) => token.currency).filter((currency) => currency !== null)
  return {
    ...heaviest,
    text: tokens.map((token, index) => token.text + (index < tokens.length - 1 ? token.whitespace : "")).join(""),
    whitespace: last?.whitespace ?? "",
    phonemes: null,
    alias: null,
    isHead: tokens[0]?.isHead ?? true,
    currency: found.sort().at(-1) ?? null,
    needsSpaceBefore: tokens[0]?.needsSpaceBefore ?? false,
  }
}

/** Silences joiners, decides whether the pieces are spaced, and keeps at most half of the primary stresses of a compound. */
function resolveStress(tokens: readonly Token[]): void {
  const text = tokens.map((token, index) => token.text + (index < tokens.length - 1 ? token.whitespace : "")).join("")
  const kinds = new Set(
    [...text]
      .filter((character) => !joiners.has(character))
      .map((character) => (isAlphabetic(character) ? "letter" : isDigits(character) ? "digit" : "other")),
  )
  const isSpaced = text.includes(" ") || text.includes("/") || kinds.size > 1
  for (const [index, token] of tokens.entries()) {
    if (token.phonemes !== null) token.needsSpaceBefore = index > 0 && isSpaced
    else if (index === tokens.length - 1 && pauses.has(token.text)) token.phonemes = token.text
    else if ([...token.text].every((character) => joiners.has(character))) token.phonemes = ""
  }
  if (isSpaced) return
  const sounded = tokens
    .filter((token) => token.phonemes)
    .map((token, index) => ({
      token,
      index,
      isStressed: (token.phonemes ?? "").includes(primaryStress),
      weight: stressWeight(token.phonemes ?? ""),
    }))
  const soften = (token: Token): void => {
    token.phonemes = applyStress(token.phonemes ?? "", -0.5)
  }
  const [first, second] = sounded
  if (sounded.length === 2 && first && second && [...first.token.text].length === 1) {
    soften(second.token)
    return
  }
  const stressed = sounded.filter((each) => each.isStressed).length
  if (sounded.length < 2 || stressed <= Math.floor((sounded.length + 1) / 2)) return
  sounded
    .sort((a, b) => Number(a.isStressed) - Number(b.isStressed) || a.weight - b.weight || a.index - b.index)
    .slice(0, Math.floor(sounded.length / 2))
    .forEach((each) => {
      soften(each.token)
    })
}

function joinPhonemes(tokens: readonly Token[]): string {
  let joined = ""
  for (const token of tokens) {
    if (token.needsSpaceBefore && joined !== "" && !joined.endsWith(" ") && token.phonemes) joined += " "
    joined += token.phonemes ?? ""
  }
  return joined
}
