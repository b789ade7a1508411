import { alternatives, escapeRegExp, wordClass, wordEnd, wordStart } from "./characters.ts"
import { cardinal, ordinal } from "./numberWords.ts"

/** The word tables of normalize.json. */
export interface NormalizationTables {
  /** "jan" → "January". */
  months: Record<string, string>
  /** Read so before a capitalised word only: "St" → "Saint". */
  titles: Record<string, string>
  abbreviations: Record<string, string>
  /** Singular and plural. */
  units: Record<string, [string, string]>
  symbols: Record<string, string>
  currency: Record<string, [string, string]>
  /** Words before a Roman numeral that is read as a number: "Chapter IV". */
  roman_cardinal: string[]
  /** Words before a Roman numeral that is read as an ordinal: "Henry VIII". */
  roman_ordinal: string[]
}

type Rule = (text: string) => string

const bigMoney = new Map([
  ["k", "thousand"],
  ["m", "million"],
  ["b", "billion"],
])
const fractionNames = ["", "", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
const number = String.raw`\d+(?:,\d{3})*(?:\.\d+)?`
const roman = "((?=[IVXLC])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))"
const romanEnd = `${wordEnd}(?![.'’]${wordClass})`
const multiples = `hundred|thousand|million|billion|trillion|[kKmMbB]${wordEnd}`

/**
 * Rewrites what the lexicon cannot read by itself: times, dates, units, abbreviations, currencies, ranges, symbols. Plain numbers stay
 * digits. The rules and their order are those of the `hibari` package (Apache-2.0), so that its data is used as it was made.
 */
export function createNormalizer(tables: NormalizationTables): (text: string) => string {
  const rules = [
    ...dateAndTimeRules(tables),
    ...amountRules(tables),
    ...monthRules(tables),
    ...abbreviationRules(tables),
    ...numeralRules(tables),
  ]
  const symbols = symbolRules(tables)
  return (input) => {
    let text = input.replace(/\s+/g, " ").trim()
    if (text === "") return text
    text = text.replaceAll("\u00a0", " ").replaceAll("’", "'").replaceAll("‒", "-").replaceAll("―", "—")
    for (const rule of rules) text = rule(text)
    for (const rule of symbols) text = rule(text)
    return text
      .replace(/\s+/g, " ")
      .replace(/ +([,.;:!?])/g, "$1")
      .trim()
  }
}

const rule =
  (pattern: RegExp, replacement: (match: string[], end: number, text: string) => string): Rule =>
  (text) =>
    text.replace(pattern, (...found: unknown[]) => {
      const offsetAt = found.findIndex((part) => typeof part === "number")
      const groups = found.slice(0, offsetAt).map((part) => (typeof part === "string" ? part : ""))
      return replacement(groups, Number(found[offsetAt]) + (groups[0] ?? "").length, text)
    })

const plural = (amount: string, words: readonly [string, string]): string =>
  words[["1", "1.0", "-1"].includes(amount.replaceAll(",", "")) ? 0 : 1]

function dateAndTimeRules(tables: NormalizationTables): Rule[] {
  const date = dateWords(tables)
  return [
    rule(
      new RegExp(
        String.raw`${wordStart}(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AaPp])\.?[Mm]\.?(?![A-Za-z]))?(?!\d)`,
        "gu",
      ),
      timeWords,
    ),
    rule(
      new RegExp(String.raw`${wordStart}(\d{4})-(\d{2})-(\d{2})${wordEnd}`, "gu"),
      ([all = "", year, month, day]) => date(year ?? "", Number(month), Number(day)) ?? all,
    ),
    rule(
      new RegExp(String.raw`${wordStart}(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})${wordEnd}`, "gu"),
      ([all = "", first, second, year = ""]) => {
        const full = year.length === 2 ? (Number(year) > 30 ? "19" : "20") + year : year
        const [month, day] = Number(first) <= 12 ? [Number(first), Number(second)] : [Number(second), Number(first)]
        return date(full, month, day) ?? all
      },
    ),
  ]
}

function timeWords([all = "", hour, minute = "", second, half]: string[], end: number, text: string): string {
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 59) return all
  let words = cardinal(Number(hour))
  const minutes = Number(minute)
  if (minutes === 0) words += half || second ? "" : " o'clock"
  else words += minutes < 10 ? ` oh ${cardinal(minutes)}` : ` ${cardinal(minutes)}`
  if (second) words += ` and ${cardinal(Number(second))} ${Number(second) === 1 ? "second" : "seconds"}`
  // Dotted, so that the lexicon spells the letters.
  if (half) words += ` ${half.toUpperCase()}.M${text[end] === "." ? "" : "."}`
  return words
}

function dateWords(tables: NormalizationTables): (year: string | null, month: number, day: number) => string | null {
  const names = Object.values(tables.months)
  return (year, month, day) => {
    if (month < 1 || month > 12 || day < 1 || day > 31) return null
    return `${names[month - 1]} ${ordinal(day)}${year ? `, ${year}` : ""}`
  }
}

function amountRules({ units, currency }: NormalizationTables): Rule[] {
  const words = (symbol: string): [string, string] => currency[symbol] ?? ["", ""]
  const multiple = (name: string): string => bigMoney.get(name.toLowerCase()) ?? name
  const before = `(?<![\\p{L}\\p{N}_.])`
  return [
    rule(
      new RegExp(String.raw`([$£€])(${number})\s?(${multiples})`, "gu"),
      ([, symbol = "", amount, big = ""]) => `${amount} ${multiple(big)} ${words(symbol)[1]}`,
    ),
    rule(
      new RegExp(String.raw`${before}(${number})\s?¢`, "gu"),
      ([, amount = ""]) => `${amount} ${plural(amount, words("¢"))}`,
    ),
    rule(
      new RegExp(String.raw`${wordStart}([¥₹₩]|Rs\.?|USD|EUR|GBP)\s?(${number})(?:\s?(${multiples}))?`, "gu"),
      ([, symbol = "", amount = "", big]) => {
        const unit = words(symbol.replace(/\.+$/, ""))
        return big ? `${amount} ${multiple(big)} ${unit[1]}` : `${amount} ${plural(amount, unit)}`
      },
    ),
    rule(
      new RegExp(String.raw`${before}(-?${number})\s?°\s?([CF])?${wordEnd}`, "gu"),
      ([, amount = "", scale]) =>
        `${amount} ${plural(amount, ["degree", "degrees"])}${scale ? (scale === "C" ? " Celsius" : " Fahrenheit") : ""}`,
    ),
    rule(
      new RegExp(String.raw`${before}(-?${number})\s?(${alternatives(Object.keys(units))})${wordEnd}`, "gu"),
      ([, amount = "", unit = ""]) => `${amount} ${plural(amount, units[unit] ?? ["", ""])}`,
    ),
  ]
}

function monthRules({ months }: NormalizationTables): Rule[] {
  const shorts = Object.keys(months).map((month) => month[0]?.toUpperCase() + month.slice(1))
  const names = alternatives([...Object.values(months), ...shorts, "Sept"])
  const full = (month: string): string => months[month.toLowerCase().slice(0, 3)] ?? month
  const isDay = (day: string): boolean => Number(day) >= 1 && Number(day) <= 31
  return [
    rule(
      new RegExp(
        String.raw`${wordStart}(${names})\.? (\d{1,2})(?:st|nd|rd|th)?${wordEnd}(?![\d:%])(,? \d{4}${wordEnd})?`,
        "gu",
      ),
      ([all = "", month = "", day = "", year]) => (isDay(day) ? `${full(month)} ${ordinal(day)}${year ?? ""}` : all),
    ),
    rule(
      new RegExp(String.raw`${wordStart}(the )?(\d{1,2}) (?:of )?(${names})${wordEnd}\.?`, "gu"),
      ([all = "", , day = "", month = ""]) => (isDay(day) ? `the ${ordinal(day)} of ${full(month)}` : all),
    ),
  ]
}

function abbreviationRules({ titles, abbreviations }: NormalizationTables): Rule[] {
  return [
    rule(
      new RegExp(String.raw`${wordStart}(${alternatives(Object.keys(titles))})\.? (?=[A-Z])`, "gu"),
      ([, title = ""]) => `${titles[title]} `,
    ),
    rule(
      new RegExp(String.raw`(?<![\p{L}\p{N}_.])(${alternatives(Object.keys(abbreviations))})${wordEnd}`, "gu"),
      ([, short = ""], end, text) => `${abbreviations[short]}${end === text.length && short.endsWith(".") ? "." : ""}`,
    ),
    rule(new RegExp(String.raw`${wordStart}(No|Nos)\. ?(?=\d)`, "gu"), ([, short]) =>
      short === "No" ? "Number " : "Numbers ",
    ),
    rule(/(?<![\p{L}\p{N}_&])#(?=\d)/gu, () => "number "),
  ]
}

function numeralRules(tables: NormalizationTables): Rule[] {
  const date = dateWords(tables)
  return [
    rule(
      new RegExp(`${wordStart}(${alternatives(tables.roman_cardinal)}) ${roman}${romanEnd}`, "gu"),
      ([, word, numeral = ""]) => `${word} ${romanValue(numeral)}`,
    ),
    rule(
      new RegExp(`${wordStart}(${alternatives(tables.roman_ordinal)}) ${roman}${romanEnd}`, "gu"),
      ([, word, numeral = ""]) => `${word} the ${ordinal(romanValue(numeral))}`,
    ),
    rule(/(?<![\p{L}\p{N}_.-])(?:\d{3}-)?\d{3}-\d{4}(?![\p{L}\p{N}_.-])/gu, ([all = ""]) =>
      [...all.replaceAll("-", ", ")].join(" "),
    ),
    rule(/(?<![\p{L}\p{N}_./])(\d{1,2})\/(\d{1,2})(?![\p{L}\p{N}_./])/gu, ([, above, below]) => {
      const [part, whole] = [Number(above), Number(below)]
      if (part > 0 && part < whole && whole <= 10) {
        if (whole === 2) return "one half"
        return `${part} ${fractionNames[whole]}${part === 1 ? "" : "s"}`
      }
      const isDate = part >= 1 && part <= 12 && whole >= 1 && whole <= 31
      return (isDate ? date(null, part, whole) : null) ?? `${part} slash ${whole}`
    }),
    rule(
      /(?<![\p{L}\p{N}_.-])(\d{1,4})\s?[-–]\s?(\d{1,4})(?![\p{L}\p{N}_.\-%])/gu,
      ([, from, to]) => `${from} to ${to}`,
    ),
    rule(/(?<![\p{L}\p{N}_+])\+(?=\d)/gu, () => "plus "),
  ]
}

/** Comparison signs are read between things only; elsewhere they are decoration. */
function symbolRules({ symbols }: NormalizationTables): Rule[] {
  return Object.entries(symbols).map(([symbol, word]) => {
    const escaped = escapeRegExp(symbol)
    const pattern = "=<>~".includes(symbol)
      ? new RegExp(`(?<=\\S) ?${escaped} ?(?=\\S)`, "g")
      : new RegExp(escaped, "g")
    return (text) => text.replace(pattern, word ? ` ${word} ` : " ")
  })
}

const romanDigits: Record<string, number> = { I: 1, V: 5, X: 10, L: 50, C: 100, D: 500, M: 1000 }

function romanValue(numeral: string): number {
  const values = [...numeral].map((digit) => romanDigits[digit] ?? 0)
  return values.reduce((sum, value, index) => sum + ((values[index + 1] ?? 0) > value ? -value : value), 0)
}
