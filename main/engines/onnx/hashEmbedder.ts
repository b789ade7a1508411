import type { Embedder } from "../types.ts"

const dimensions = 384
/** Characters read per text; what follows adds nothing to an average of so many features. */
const characterLimit = 8000
const charactersPerToken = 4

/** Weight of each kind of feature: whole words carry meaning, pieces only forgive spelling and endings. */
const weights = { word: 1, bigram: 0.5, piece: 0.18 }

/** Words that say little about a text: kept, but light. */
const commonWords = new Set(
  (
    "a about after all also an and any are as at be because been but by can could did do does for from had has have he her his how i " +
    "if in into is it its may me more most my no not of on one only or our out she should so some such than that the their them then " +
    "there these they this those to up was we were what when where which who why will with would you your"
  ).split(" "),
)

/**
 * Vectors without a model: features of a text (stemmed words, pairs of neighbours, pieces of 3–5 characters) are hashed into 384 signed
 * places (Weinberger et al., "Feature Hashing", 2009). Texts with the same words lie close, whatever their order; synonyms do not.
 */
export function createHashEmbedder(): Embedder {
  return {
    modelId: "hash",
    isFallback: true,
    dimensions,
    fingerprint: "hash-v1",
    maxTokens: characterLimit / charactersPerToken,
    loadState: () => "loaded",
    async load(signal) {
      signal.throwIfAborted()
    },
    async unload() {},
    async embed(texts, _kind, signal) {
      const vectors: Float32Array[] = []
      for (const [index, text] of texts.entries()) {
        // A text takes up to a millisecond: other work gets its turn in between.
        if (index % 8 === 7) await new Promise((resolve) => setImmediate(resolve))
        signal.throwIfAborted()
        vectors.push(hashText(text))
      }
      return vectors
    },
    async countTokens(texts) {
      return texts.map((text) => Math.ceil(text.length / charactersPerToken))
    },
  }
}

function hashText(text: string): Float32Array {
  const features = new Map<string, number>()
  const add = (feature: string, weight: number) => features.set(feature, (features.get(feature) ?? 0) + weight)
  const words =
    text
      .slice(0, characterLimit)
      .normalize("NFKD")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  let previous: string | undefined
  for (const word of words) {
    const importance = informativeness(word)
    const stem = stemOf(word)
    add(`w:${stem}`, weights.word * importance)
    if (previous !== undefined) add(`b:${[previous, stem].sort().join(" ")}`, weights.bigram * importance)
    if (importance > commonImportance) {
      const framed = `^${word}$`
      for (let size = 3; size <= 5; size++)
        for (let at = 0; at + size <= framed.length; at++) add(`p:${framed.slice(at, at + size)}`, weights.piece)
    }
    previous = stem
  }

  const vector = new Float32Array(dimensions)
  for (const [feature, weight] of features) {
    const hash = fnv1a(feature)
    const place = hash % dimensions
    // Repetition counts, but less each time.
    vector[place] = (vector[place] as number) + ((hash >>> 16) & 1 ? 1 : -1) * Math.sqrt(weight)
  }
  const length = Math.hypot(...vector)
  return length > 0 ? vector.map((value) => value / length) : unitVector()
}

const commonImportance = 0.05

/** A stand-in for the inverse document frequency, which needs a collection: long words and numbers are rare ones. */
function informativeness(word: string): number {
  if (commonWords.has(word)) return commonImportance
  if (/\d/.test(word)) return 1.5
  return Math.min(1.6, 0.5 + word.length * 0.12)
}

/** Takes off the commonest English endings: a light form of Porter's first steps. */
function stemOf(word: string): string {
  if (word.length < 5) return word.length === 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word
  return word
    .replace(/(ational|ization)$/, (ending) => (ending === "ational" ? "ate" : "ize"))
    .replace(/(?<=\w{4})(ingly|edly|ing|ed|ments?|ness|ly)$/, "")
    .replace(/ies$/, "y")
    .replace(/(?<=(s|x|z|ch|sh))es$/, "")
    .replace(/(?<=[^su])s$/, "")
    .replace(/(?<=\w{3})e$/, "")
    .replace(/([b-df-hj-np-tv-z])\1$/, "$1")
}

/** 32-bit FNV-1a over UTF-16 units, with a final mix so that neighbouring bits are independent. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** A text without any word still needs a direction. */
function unitVector(): Float32Array {
  const vector = new Float32Array(dimensions)
  vector[0] = 1
  return vector
}
