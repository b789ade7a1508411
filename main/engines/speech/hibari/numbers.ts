import { isDigits } from "./characters.ts"
import { addEd, addIng, addS, type Lexicon } from "./lexicon.ts"
import { cardinal, decimal, ordinal, year } from "./numberWords.ts"

/** Symbol → whole and part. */
export const currencies: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["$", ["dollar", "cent"]],
  ["£", ["pound", "pence"]],
  ["€", ["euro", "cent"]],
])
const ordinalEndings = ["st", "nd", "rd", "th"]
const endings = ["ing", "'d", "ed", "'s", ...ordinalEndings, "s"]

/** Whether a word is digits with separators, perhaps with an ending: "1,250", "3.5", "1990s", "21st". */
export function isNumber(word: string, isHead: boolean): boolean {
  if (!/[0-9]/.test(word)) return false
  const ending = endings.find((candidate) => word.endsWith(candidate)) ?? ""
  const digits = word.slice(0, word.length - ending.length)
  return /^-?[0-9,.]*$/.test(digits) && (isHead || !digits.startsWith("-"))
}

/**
 * Phonemes of a number: year, ordinal, decimal, amount of money, or digits one by one inside a longer word. Null when nothing is readable.
 *
 * @param currency A key of `currencies`, or null. @param isHead False inside a word such as "A320".
 */
export function readNumber(given: string, currency: string | null, isHead: boolean, lexicon: Lexicon): string | null {
  const ending = /[a-z']+$/.exec(given)?.[0] ?? ""
  let word = given.slice(0, given.length - ending.length)
  const parts: (string | null)[] = []
  const hasMinus = word.startsWith("-")
  if (hasMinus) {
    parts.push(lexicon.lookup("minus", null, null, null))
    word = word.slice(1)
  }
  const sayWords = (words: string): void => {
    for (const each of words.split(/[^a-z]+/))
      if (each !== "and") parts.push(lexicon.lookup(each, null, each === "point" ? -2 : null, null))
  }
  const say = (digits: string): void => sayWords(cardinal(digits))
  const sayEach = (digits: string): void => [...digits].forEach(say)
  const money = currency === null ? undefined : currencies.get(currency)
  const dots = word.split(".").length - 1

  if (isDigits(word) && ordinalEndings.includes(ending)) sayWords(ordinal(word))
  else if (!hasMinus && !money && /^[0-9]{4}$/.test(word)) sayWords(year(word))
  else if (!isHead && dots === 0) sayInsideWord(word.replaceAll(",", ""))
  else if (dots > 1 || !isHead) {
    for (const group of word.replaceAll(",", "").split(".")) {
      if (group === "") continue
      if (group.startsWith("0") || (group.length !== 2 && /[^0]/.test(group.slice(1)))) sayEach(group)
      else say(group)
    }
  } else if (money && (dots === 0 || (word.split(".")[1] ?? "").length < 3)) sayMoney(money)
  else if (dots === 0) sayWords((ordinalEndings.includes(ending) ? ordinal : cardinal)(word.replaceAll(",", "")))
  else {
    const plain = word.replaceAll(",", "")
    sayWords(plain.startsWith(".") ? `point ${[...plain.slice(1)].map(cardinal).join(" ")}` : decimal(plain))
  }

  const said = parts.filter((part) => part !== null).join(" ")
  if (said === "") return null
  if (ending === "s" || ending === "'s") return addS(said)
  if (ending === "ed" || ending === "'d") return addEd(said)
  return ending === "ing" ? addIng(said) : said

  function sayInsideWord(digits: string): void {
    if (digits.startsWith("0") || digits.length > 3) sayEach(digits)
    else if (digits.length !== 3 || digits.endsWith("00")) say(digits)
    else {
      say(digits.slice(0, 1))
      if (digits[1] === "0") parts.push(lexicon.lookup("O", null, -2, null))
      say(digits.slice(digits[1] === "0" ? 2 : 1))
    }
  }

  function sayMoney([whole, part]: readonly [string, string]): void {
    const [units = "", cents] = word.replaceAll(",", "").split(".")
    let amounts = [{ digits: units || "0", unit: whole }]
    if (cents !== undefined) amounts.push({ digits: cents || "0", unit: part })
    if (Number(amounts[1]?.digits ?? 0) === 0) amounts = amounts.slice(0, 1)
    else if (Number(amounts[0]?.digits) === 0) amounts = amounts.slice(1)
    for (const [index, { digits, unit }] of amounts.entries()) {
      if (index > 0) parts.push(lexicon.lookup("and", null, null, null))
      say(digits)
      parts.push(
        Number(digits) === 1 || unit === "pence" ? lexicon.lookup(unit, null, null, null) : lexicon.plural(`${unit}s`),
      )
    }
  }
}
