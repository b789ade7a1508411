import { type InferenceSession, Tensor } from "onnxruntime-node"

/** oov.json: the network's characters. Ids start at 1; 0 is the blank. */
export interface UnknownWordsAlphabet {
  in: string[]
  out: string[]
  /** Characters read of one word. */
  maxlen: number
}

/** Reads words no dictionary has, by a character transformer with CTC output: repeats collapse, blanks fall out. */
export function createUnknownWordReader(
  session: InferenceSession,
  alphabet: UnknownWordsAlphabet,
): (word: string) => Promise<string | null> {
  const ids = new Map(alphabet.in.map((character, index) => [character, index + 1]))
  return async (word) => {
    const characters = [...word].map((character) => ids.get(character)).filter((id) => id !== undefined)
    const read = characters.slice(0, alphabet.maxlen)
    if (read.length === 0) return null
    const chars = new Tensor("int64", BigInt64Array.from(read, BigInt), [1, read.length])
    const output = await session.run({ chars })
    const best = output[session.outputNames[0] ?? ""]
    let phonemes = ""
    let previous = 0
    for (const value of (best?.data ?? []) as BigInt64Array) {
      const id = Number(value)
      if (id !== previous && id !== 0) phonemes += alphabet.out[id - 1] ?? ""
      previous = id
    }
    return phonemes
  }
}
