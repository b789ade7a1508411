/** Sounds that misaki's alphabet writes with one letter. https://github.com/hexgrad/misaki/blob/main/EN_PHONES.md */
const letters: readonly (readonly [RegExp, string])[] = [
  [/t͡?ʃ/g, "ʧ"],
  [/d͡?ʒ/g, "ʤ"],
  [/eɪ̯?/g, "A"],
  [/aɪ̯?/g, "I"],
  [/(?:oʊ|əʊ)̯?/g, "O"],
  [/aʊ̯?/g, "W"],
  [/ɔɪ̯?/g, "Y"],
  [/r/g, "ɹ"],
  [/g/g, "ɡ"],
  [/[ɚɝ]/g, "ɜɹ"],
  [/'/g, "ˈ"],
  [/[.\s/[\]]/g, ""],
]

/** The International Phonetic Alphabet as the voices were trained to read it. */
export const misakiOf = (ipa: string): string =>
  letters.reduce((text, [pattern, letter]) => text.replace(pattern, letter), ipa.normalize("NFC"))
