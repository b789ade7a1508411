import type { Actor } from "#core/actor.ts"
import type { NewChunk, Store } from "#store/types.ts"

/** Values in 0..1, the same ones for the same seed on every system (xorshift, Marsaglia 2003). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/**
 * A library made from a seed: text whose words are as unevenly common as in a language (Zipf-Mandelbrot), and vectors in 256 groups
 * with a decaying spectrum, as embeddings have them. Questions ask for a passage with some of its words, rare and common ones.
 */
export function createGeneratedLibrary(seed: number, dimensions = 384) {
  const random = createRandom(seed)
  const wordCount = 40_000
  const cumulative = new Float64Array(wordCount)
  let total = 0
  for (let rank = 0; rank < wordCount; rank++) {
    total += 1 / (rank + 2.7)
    cumulative[rank] = total
  }
  const drawRank = (): number => {
    const wanted = random() * total
    let low = 0
    let high = wordCount - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulative[middle] as number) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())
  const spectrum = Float32Array.from({ length: dimensions }, (_, at) => 1 / Math.sqrt(1 + at / 24))
  const direction = (): Float32Array => spectrum.map((size) => size * normal())
  const groups = Array.from({ length: 256 }, direction)
  const near = (centre: Float32Array, spread: number): Float32Array =>
    centre.map((value, at) => value + spread * (spectrum[at] as number) * normal())

  const ranks: Uint16Array[] = []
  const vectors: Float32Array[] = []
  function addPassage(): string {
    const own = Uint16Array.from({ length: 90 + Math.floor(random() * 60) }, drawRank)
    ranks.push(own)
    vectors.push(near(groups[Math.floor(random() * groups.length)] as Float32Array, 0.7))
    return Array.from(own, wordOf).join(" ")
  }

  return {
    vectors,
    /** Writes passages, `perDocument` to a document. */
    async write(actor: Actor, store: Store, collectionId: string, passages: number, perDocument = 50): Promise<void> {
      for (let from = 0; from < passages; from += perDocument) {
        const count = Math.min(perDocument, passages - from)
        const first = vectors.length
        const chunks = Array.from({ length: count }, (_, ordinal): NewChunk => {
          const text = addPassage()
          return { ordinal, text, headingPath: [], page: null, start: 0, end: text.length, tokenCount: 120 }
        })
        const { document } = await store.documents.upsert(actor, {
          collectionId,
          title: `${wordOf(drawRank())} ${wordOf(drawRank())}`,
          path: `${from}.txt`,
          kind: "txt",
          sizeBytes: 1,
          filePath: null,
          contentHash: `${seed}-${from}`,
        })
        await store.documents.writeContent(actor, document.id, {
          text: "",
          pages: [],
          pageCount: null,
          chunks,
          vectors: vectors.slice(first),
          fingerprint: "generated",
        })
      }
    },
    /** Asks for one passage: four of its own words, and two of those that a fifth to a twentieth of all passages hold. */
    question(): { text: string; vector: Float32Array } {
      const target = Math.floor(random() * vectors.length)
      const own = (ranks[target] as Uint16Array).filter((rank) => rank >= 60)
      const words = Array.from({ length: 4 }, () => wordOf(own[Math.floor(random() * own.length)] as number))
      for (let common = 0; common < 2; common++) words.push(wordOf(60 + Math.floor(random() * 200)))
      return { text: words.join(" "), vector: near(vectors[target] as Float32Array, 0.3) }
    },
    vector: () => near(groups[Math.floor(random() * groups.length)] as Float32Array, 0.7),
  }
}

const syllables = [
  "ka",
  "lo",
  "mi",
  "ter",
  "sun",
  "ba",
  "rin",
  "do",
  "ve",
  "pol",
  "gar",
  "ne",
  "ti",
  "mos",
  "ul",
  "fer",
]

/** Made of syllables, so that it is a word to every tokenizer and has no stem in common with another by chance alone. */
function wordOf(rank: number): string {
  let word = ""
  for (let rest = rank + 17; rest > 0; rest = Math.floor(rest / 16)) word += syllables[rest % 16]
  return word
}
