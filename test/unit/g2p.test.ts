import { describe, expect, it } from "vitest"
import { createLexicon } from "#engines/speech/hibari/lexicon.ts"
import { createNormalizer } from "#engines/speech/hibari/normalize.ts"
import { cardinal, decimal, ordinal, year } from "#engines/speech/hibari/numberWords.ts"
import { createPhonemizer } from "#engines/speech/hibari/phonemize.ts"
import { splitIntoSentences, splitPhonemes } from "#engines/speech/hibari/splitForSynthesis.ts"
import { applyStress } from "#engines/speech/hibari/stress.ts"
import { createTagger } from "#engines/speech/hibari/tag.ts"
import { createTokenizer } from "#engines/speech/hibari/tokenize.ts"

const normalize = createNormalizer({
  months: Object.fromEntries(
    [
      "January",
      "February",
      "March",
      "April",
      "May",
      "June",
      "July",
      "August",
      "September",
      "October",
      "November",
      "December",
    ].map((month) => [month.slice(0, 3).toLowerCase(), month]),
  ),
  titles: { Dr: "Dr", St: "Saint" },
  abbreviations: { "St.": "Street", "approx.": "approximately", "w/o": "without" },
  units: {
    km: ["kilometer", "kilometers"],
    "km/h": ["kilometer per hour", "kilometers per hour"],
    min: ["minute", "minutes"],
  },
  symbols: { "=": "equals", "™": "", "±": "plus or minus" },
  currency: { $: ["dollar", "dollars"], "¥": ["yen", "yen"], "¢": ["cent", "cents"], Rs: ["rupee", "rupees"] },
  roman_cardinal: ["Chapter"],
  roman_ordinal: ["Henry"],
})

describe("number words", () => {
  it.each([
    [cardinal(0), "zero"],
    [cardinal(21), "twenty-one"],
    [cardinal(105), "one hundred and five"],
    [cardinal(1001), "one thousand and one"],
    [cardinal("1234567"), "one million, two hundred and thirty-four thousand, five hundred and sixty-seven"],
    [cardinal("007"), "seven"],
    [ordinal(12), "twelfth"],
    [ordinal(20), "twentieth"],
    [ordinal(123), "one hundred and twenty-third"],
    [year(1066), "ten sixty-six"],
    [year(1905), "nineteen oh-five"],
    [year(2005), "two thousand and five"],
    [year(1900), "nineteen hundred"],
    [decimal("3.140"), "three point one four"],
    [decimal("2.0"), "two"],
  ])("says %s", (said, expected) => {
    expect(said).toBe(expected)
  })

  it("reads a number beyond all names digit by digit", () => {
    expect(cardinal("9".repeat(40))).toBe(Array(40).fill("nine").join(" "))
  })
})

describe("normalisation before pronunciation", () => {
  it.each([
    ["at 9:05 pm.", "at nine oh five P.M."],
    ["at 10:00", "at ten o'clock"],
    ["on 2026-11-23", "on November twenty-third, 2026"],
    ["on 5/6/19", "on May sixth, 2019"],
    ["on 99/99/2019", "on 99/99/2019"],
    ["5 km/h for 1 km", "5 kilometers per hour for 1 kilometer"],
    ["$3.2 billion", "3.2 billion dollars"],
    ["1¢ or ¥500", "1 cent or 500 yen"],
    ["-4 °C", "-4 degrees Celsius"],
    ["Jan. 5th, 2020", "January fifth, 2020"],
    ["the 3rd of May", "the 3rd of May"],
    ["Dr. Who of St. Louis on Main St.", "Dr Who of Saint Louis on Main Street."],
    ["w/o sugar", "without sugar"],
    ["Chapter IV and Henry VIII", "Chapter 4 and Henry the eighth"],
    ["call 555-0199", "call 5 5 5, 0 1 9 9"],
    ["3/4 of 2-3", "3 quarters of 2 to 3"],
    ["a = b ± c™", "a equals b plus or minus c"],
    ["   ", ""],
  ])("turns %j into %j", (text, expected) => {
    expect(normalize(text)).toBe(expected)
  })
})

describe("the tokenizer", () => {
  const tokenize = createTokenizer({ "don't": ["do", "n't"], "Mr.": ["Mr."], "U.S.": ["U.S."] })
  it.each([
    ["Mr. Smith don't", ["Mr.", "Smith", "do", "n't"]],
    ['("Hello," he said.)', ["(", '"', "Hello", ",", '"', "he", "said", ".", ")"]],
    ["a well-known $29.95 price", ["a", "well", "-", "known", "$", "29.95", "price"]],
    ["the cat's 5kg", ["the", "cat", "'s", "5", "kg"]],
    ["see https://example.com/a-b, ok", ["see", "https://example.com/a-b", ",", "ok"]],
    ["in the U.S.", ["in", "the", "U.S."]],
    ["wait...", ["wait", "..."]],
  ])("splits %j", (text, expected) => {
    expect(tokenize(text).map((token) => token.text)).toEqual(expected)
  })

  it("remembers where spaces were", () => {
    expect(tokenize("Hi, you").map((token) => token.whitespace)).toEqual(["", " ", ""])
  })
})

describe("stress", () => {
  it.each([
    ["fˈɪltəɹ", -2, "fɪltəɹ"],
    ["fˈɪltəɹ", -1, "fˌɪltəɹ"],
    ["fˈɪltəɹ", 0, "fˌɪltəɹ"],
    ["fɪltəɹ", 0.5, "fˌɪltəɹ"],
    ["fˌɪltəɹ", 1, "fˈɪltəɹ"],
    ["stɪl", 2, "stˈɪl"],
    ["fˈɪltəɹ", null, "fˈɪltəɹ"],
    ["s", 2, "s"],
  ])("moves %s by %s", (phonemes, level, expected) => {
    expect(applyStress(phonemes, level)).toBe(expected)
  })
})

describe("from text to phonemes", () => {
  const gold = {
    A: "ˈA",
    P: "pˈi",
    U: "jˈu",
    G: "ʤˈi",
    the: "ðə",
    to: "tˈu",
    apple: "ˈæpᵊl",
    filter: "fˈɪltəɹ",
    watch: "wˈɑʧ",
    wait: "wˈAt",
    stop: "stˈɑp",
    city: "sˈɪTi",
    read: { DEFAULT: "ɹˈid", VBD: "ɹˈɛd" },
    two: "tˈu",
    thousand: "θˈWzᵊnd",
    twenty: "twˈɛnti",
    six: "sˈɪks",
    dollar: "dˈɑləɹ",
    cent: "sˈɛnt",
    and: "ænd",
    five: "fˈIv",
  }
  const asked: string[] = []
  const phonemize = createPhonemizer({
    normalize,
    tokenize: createTokenizer({}),
    tag: createTagger({
      tags: ["NN", "VBD", "DT"],
      tagdict: { the: "DT", The: "DT", read: "VBD", $: "$", "2.05": "CD", ".": ".", ",": "," },
      vocab: [],
      weights: {},
    }),
    lexicon: createLexicon(gold, {}),
    readUnknown: async (word) => {
      asked.push(word)
      return "zˈɪp"
    },
  })

  it.each([
    ["the apple", "ði ˈæpᵊl"],
    ["the filter", "ðə fˈɪltəɹ"],
    ["to the apple.", "tə ði ˈæpᵊl."],
    ["filters watches cities", "fˈɪltəɹz wˈɑʧᵻz sˈɪTiz"],
    ["waited watched filtered", "wˈATᵻd wˈɑʧt fˈɪltəɹd"],
    ["waiting stopping", "wˈATɪŋ stˈɑpɪŋ"],
    ["GPU", "ʤˌipˌijˈu"],
    ["read", "ɹˈɛd"],
    ["2026", "twˈɛnti twˈɛnti sˈɪks"],
    ["$2.05", "tˈu dˈɑləɹz ænd fˈIv sˈɛnts"],
  ])("reads %j", async (text, expected) => {
    expect(await phonemize(text)).toBe(expected)
  })

  it("asks the network only for words the dictionaries lack", async () => {
    asked.length = 0
    expect(await phonemize("the xylotron filter")).toBe("ðə zˈɪp fˈɪltəɹ")
    expect(asked).toEqual(["xylotron"])
  })
})

describe("splitting for the network", () => {
  it("ends sentences at marks and lines, not after titles and initials", () => {
    expect(splitIntoSentences("Hi. It works!  Dr. No and J. K. went.\nNext line (ok.) And", new Set(["Dr"]))).toEqual([
      "Hi.",
      "It works!",
      "Dr. No and J. K. went.",
      "Next line (ok.)",
      "And",
    ])
  })

  it("gives the network at most 400 phonemes, and loses none", () => {
    const clause = "ðə fˈɪltəɹ ɪz nˈu, "
    const long = clause.repeat(60).trim()
    const pieces = splitPhonemes(long)
    expect(pieces.join(" ")).toBe(long)
    for (const piece of [...pieces, ...splitPhonemes("fˈɪltəɹ ".repeat(100).trim())])
      expect(piece.length).toBeLessThanOrEqual(400)
  })
})
