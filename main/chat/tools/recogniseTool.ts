import { longestExpression } from "./calculate.ts"
import { unitOf } from "./convertUnits.ts"

/** What a message wants worked out instead of looked up. */
export type ToolIntent =
  | { tool: "calculator"; expression: string }
  | { tool: "units"; amount: number; from: string; fromWords: string; to: string; toWords: string }
  /** `zone`: an IANA time zone, and the place that was named. Null: this computer's. */
  | { tool: "clock"; asks: "time" | "date"; zone: { name: string; place: string } | null }

/** By fixed rules, and precise rather than complete: what is not clearly one of these is a question like any other. */
export function recogniseTool(message: string): ToolIntent | null {
  const line = message.trim().replace(/\s+/g, " ")
  if (line.length > longestExpression) return null
  return recogniseClock(line) ?? recogniseUnits(line) ?? recogniseSum(line)
}

const lead =
  /^(?:(?:please|hey|ok|so|and|zenglow)[, ]+)*(?:(?:can|could|would) you )?(?:please )?(?:what(?:'|’)?s|what is|what are|how much is|how much are|calculate|compute|work out|convert|tell me)\s+/i

const time =
  /^(?:please )?(?:what time is it|what(?:'|’)?s the time|what is the time|tell me the time)(?: (?:right )?now)?(?: in ([\p{L} ]{3,40}?))?[?.!]*$/iu
const date =
  /^(?:what(?:'|’)?s|what is) (?:today(?:'|’)s date|the date(?: today)?|today)[?.!]*$|^(?:what|which) (?:day|date) is (?:it|today)(?: today)?[?.!]*$/i

function recogniseClock(line: string): ToolIntent | null {
  if (date.test(line)) return { tool: "clock", asks: "date", zone: null }
  const asked = time.exec(line)
  if (!asked) return null
  const place = asked[1]?.trim()
  if (place === undefined) return { tool: "clock", asks: "time", zone: null }
  const tail = `/${place.toLowerCase().replace(/ /g, "_")}`
  const name = Intl.supportedValuesOf("timeZone").find((zone) => zone.toLowerCase().endsWith(tail))
  return name === undefined ? null : { tool: "clock", asks: "time", zone: { name, place } }
}

const amountPart = String.raw`(-?\d[\d,]*(?:\.\d+)?|an?|one)`
const inUnits = new RegExp(
  String.raw`^${amountPart} ?([\p{L}°²/ ]{1,24}?) (?:in|to|into|as) ([\p{L}°²/ ]{1,24})[?.!]*$`,
  "iu",
)
const howMany = new RegExp(
  String.raw`^how many ([\p{L}²/ ]{1,24}?) (?:are |is )?(?:there )?(?:in|make|equal) ${amountPart} ?([\p{L}°²/ ]{1,24})[?.!]*$`,
  "iu",
)

function recogniseUnits(line: string): ToolIntent | null {
  const many = howMany.exec(line)
  const given = many ? [many[2], many[3], many[1]] : inUnits.exec(line.replace(lead, ""))?.slice(1)
  const [amountWords = "", fromWords = "", toWords = ""] = given ?? []
  const from = unitOf(fromWords)
  const to = unitOf(toWords)
  const amount = /^(?:an?|one)$/i.test(amountWords) ? 1 : Number(plainNumbers(amountWords))
  if (from === undefined || to === undefined || from === to || !Number.isFinite(amount)) return null
  return { tool: "units", amount, from, fromWords: fromWords.trim(), to, toWords: toWords.trim() }
}

const spoken: readonly [RegExp, string][] = [
  [/(\d+(?:\.\d+)?) ?(?:%|per ?cent) of /gi, "$1 / 100 * "],
  [/\b(?:the )?square root of (\d+(?:\.\d+)?)/gi, "sqrt($1)"],
  [/\bplus\b/gi, "+"],
  [/\bminus\b|−|–/gi, "-"],
  [/\b(?:times|multiplied by)\b|×|(?<=\d ?)x(?= ?\d)/gi, "*"],
  [/\bdivided by\b|÷/gi, "/"],
  [/\bto the power of\b|\*\*/gi, "^"],
  [/ ?\bsquared\b/gi, "^2"],
  [/ ?\bcubed\b/gi, "^3"],
]
/** A day, a telephone number, a range of years: digits and signs that nobody wants worked out. */
const noSum = /\d+[-/.]\d+[-/.]\d+|(?<![\d.])0\d|\d{4}-\d{4}|\d[\d.]*-\d[\d.]*$/
const arithmetic = /^(?:sqrt\(|[\d\s.()+\-*/^%])+$/

function recogniseSum(line: string): ToolIntent | null {
  const isAsked = lead.test(line) || /=\s*\??$/.test(line)
  let expression = plainNumbers(line.replace(lead, "").replace(/\s*[?=!.]+\s*\??$/, ""))
  if (noSum.test(expression.replace(/\s*$/, "")) && !/\s-\s/.test(expression)) return null
  for (const [words, sign] of spoken) expression = expression.replace(words, sign)
  if (!arithmetic.test(expression)) return null
  // Bare digits and signs may be anything; a sum has a sign that dates and numbers of things do not have.
  if (!isAsked && !/[+*^]|sqrt/.test(expression)) return null
  if (!/sqrt|\d[\s)%]*[+\-*/^][\s(-]*(?:\d|sqrt)/.test(expression)) return null
  return { tool: "calculator", expression: expression.trim() }
}

/** Without the commas between thousands. */
const plainNumbers = (text: string): string =>
  text.replace(/\b\d{1,3}(?:,\d{3})+\b/g, (number) => number.replaceAll(",", ""))
