/** English words for numbers, as the lexicon's readings expect them: "one thousand, two hundred and thirty-four". */

const ones = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
  "thirteen",
  "fourteen",
  "fifteen",
  "sixteen",
  "seventeen",
  "eighteen",
  "nineteen",
]
const tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
const scales = [
  "",
  "thousand",
  "million",
  "billion",
  "trillion",
  "quadrillion",
  "quintillion",
  "sextillion",
  "septillion",
  "octillion",
  "nonillion",
  "decillion",
]
const irregularOrdinals = new Map([
  ["one", "first"],
  ["two", "second"],
  ["three", "third"],
  ["five", "fifth"],
  ["eight", "eighth"],
  ["nine", "ninth"],
  ["twelve", "twelfth"],
])

/** @param digits Decimal digits without sign or separators. Beyond the decillions every digit is read alone. */
export function cardinal(digits: string | number): string {
  const plain = String(digits).replace(/^0+(?=\d)/, "")
  if (plain.length > scales.length * 3) return [...plain].map((digit) => ones[Number(digit)]).join(" ")
  if (plain.length <= 3) return belowThousand(Number(plain))
  const groups: string[] = []
  for (let end = plain.length, scale = 0; end > 0; end -= 3, scale++) {
    const value = Number(plain.slice(Math.max(0, end - 3), end))
    if (value > 0) groups.unshift(belowThousand(value) + (scale > 0 ? ` ${scales[scale]}` : ""))
  }
  const last = groups.at(-1) ?? ""
  const isShort = !(last.split(" and ").at(-1) ?? "").includes(" ") && !last.includes("hundred")
  if (groups.length > 1 && isShort) return `${groups.slice(0, -1).join(", ")} and ${last}`
  return groups.join(", ")
}

/** "twenty-third", "one hundred and first". */
export function ordinal(digits: string | number): string {
  const words = cardinal(digits)
  const at = words.search(/[^ -]+$/)
  return words.slice(0, at) + ordinalWord(words.slice(at))
}

/** A four-digit year: "nineteen oh-five", "two thousand and five", "twenty ten". */
export function year(digits: string | number): string {
  const value = Number(digits)
  const high = Math.floor(value / 100)
  const low = value % 100
  if (high === 0 || (high % 10 === 0 && low < 10) || high >= 100) return cardinal(value)
  const lowWords = low === 0 ? "hundred" : low < 10 ? `oh-${cardinal(low)}` : cardinal(low)
  return `${cardinal(high)} ${lowWords}`
}

/** "3.14" → "three point one four". Trailing zeros are not read. */
export function decimal(number: string): string {
  const [whole = "", fraction = ""] = number.split(".")
  const read = fraction.replace(/0+$/, "")
  const words = cardinal(whole || 0)
  return read === "" ? words : `${words} point ${[...read].map((digit) => ones[Number(digit)]).join(" ")}`
}

function belowThousand(value: number): string {
  const words: string[] = []
  let rest = value
  if (rest >= 100) {
    words.push(ones[Math.floor(rest / 100)] ?? "", "hundred")
    rest %= 100
    if (rest > 0) words.push("and")
  }
  if (rest >= 20) words.push((tens[Math.floor(rest / 10)] ?? "") + (rest % 10 ? `-${ones[rest % 10]}` : ""))
  else if (rest > 0 || words.length === 0) words.push(ones[rest] ?? "")
  return words.join(" ")
}

function ordinalWord(word: string): string {
  return irregularOrdinals.get(word) ?? (word.endsWith("y") ? `${word.slice(0, -1)}ieth` : `${word}th`)
}
