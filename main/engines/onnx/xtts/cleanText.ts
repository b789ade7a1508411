import { toCardinal as ar } from "n2words/ar-SA"
import { toCardinal as cs } from "n2words/cs-CZ"
import { toCardinal as de, toOrdinal as deOrdinal } from "n2words/de-DE"
import { toCardinal as es, toOrdinal as esOrdinal } from "n2words/es-ES"
import { toCardinal as fr, toOrdinal as frOrdinal } from "n2words/fr-FR"
import { toCardinal as hi } from "n2words/hi-IN"
import { toCardinal as hu } from "n2words/hu-HU"
import { toCardinal as it } from "n2words/it-IT"
import { toCardinal as nl, toOrdinal as nlOrdinal } from "n2words/nl-NL"
import { toCardinal as pl } from "n2words/pl-PL"
import { toCardinal as pt } from "n2words/pt-PT"
import { toCardinal as ru } from "n2words/ru-RU"
import { toCardinal as tr } from "n2words/tr-TR"
import { cardinal, ordinal } from "../../speech/hibari/numberWords.ts"

interface LanguageRules {
  number: (digits: string) => string
  /** Between the whole and its digits; null: the language's numbers are written without. */
  point: string | null
  /** What writes an ordinal, with the digits in front, and how it is read. */
  ordinal?: { marks: RegExp; read: (digits: string) => string }
  /** & @ % # $ £ °, in this order. */
  symbols: readonly string[]
  currency: { $: string; "£": string; "€": string }
  abbreviations: Readonly<Record<string, string>>
}

const symbolNames = "&@%#$£°"
const words = (text: string): string[] => text.split("|")

/** How XTTS was taught to read each language; romanised scripts (zh, ja, ko) are not among them. */
const rules: Record<string, LanguageRules> = {
  en: {
    number: cardinal,
    point: "point",
    ordinal: { marks: /(\d+)(?:st|nd|rd|th)/g, read: ordinal },
    symbols: words("and|at|percent|hash|dollar|pound|degree"),
    currency: { $: "dollars", "£": "pounds sterling", "€": "euro" },
    abbreviations: {
      ...{ mrs: "misess", mr: "mister", dr: "doctor", st: "saint", co: "company", jr: "junior", maj: "major" },
      ...{ gen: "general", drs: "doctors", rev: "reverend", lt: "lieutenant", hon: "honorable", sgt: "sergeant" },
      ...{ capt: "captain", esq: "esquire", ltd: "limited", col: "colonel", ft: "fort" },
    },
  },
  de: {
    number: (digits) => de(BigInt(digits)),
    point: "Komma",
    ordinal: { marks: /(\d+)(?:º|ª|\.(?=\s|$))/g, read: (digits) => deOrdinal(BigInt(digits)) },
    symbols: words("und|at|prozent|raute|dollar|pfund|grad"),
    currency: { $: "Dollar", "£": "Pfund", "€": "Euro" },
    abbreviations: { fr: "frau", dr: "doktor", st: "sankt", co: "firma", jr: "junior" },
  },
  es: {
    number: (digits) => es(BigInt(digits)),
    point: "punto",
    ordinal: { marks: /(\d+)(?:º|ª|er|o|a|os|as)/g, read: (digits) => esOrdinal(BigInt(digits)) },
    symbols: words("y|arroba|por ciento|numeral|dolar|libra|grados"),
    currency: { $: "dólares", "£": "libras", "€": "euros" },
    abbreviations: {
      ...{ sra: "señora", sr: "señor", dr: "doctor", dra: "doctora", st: "santo", co: "compañía", jr: "junior" },
      ltd: "limitada",
    },
  },
  fr: {
    number: (digits) => fr(BigInt(digits)),
    point: "virgule",
    ordinal: { marks: /(\d+)(?:º|ª|er|re|e|ème)/g, read: (digits) => frOrdinal(BigInt(digits)) },
    symbols: words("et|arobase|pour cent|dièse|dollar|livre|degrés"),
    currency: { $: "dollars", "£": "livres", "€": "euros" },
    abbreviations: {
      ...{ mme: "madame", mr: "monsieur", dr: "docteur", st: "saint", co: "compagnie", jr: "junior", ltd: "limitée" },
    },
  },
  it: {
    number: (digits) => it(BigInt(digits)),
    point: "virgola",
    symbols: words("e|chiocciola|per cento|cancelletto|dollaro|sterlina|gradi"),
    currency: { $: "dollari", "£": "sterline", "€": "euro" },
    abbreviations: { sig: "signore", dr: "dottore", st: "santo", co: "compagnia", jr: "junior", ltd: "limitata" },
  },
  pt: {
    number: (digits) => pt(BigInt(digits)),
    point: "vírgula",
    symbols: words("e|arroba|por cento|cardinal|dólar|libra|graus"),
    currency: { $: "dólares", "£": "libras", "€": "euros" },
    abbreviations: {
      ...{ sra: "senhora", sr: "senhor", dr: "doutor", dra: "doutora", st: "santo", co: "companhia", jr: "júnior" },
      ltd: "limitada",
    },
  },
  pl: {
    number: (digits) => pl(BigInt(digits)),
    point: "przecinek",
    symbols: words("i|małpa|procent|krzyżyk|dolar|funt|stopnie"),
    currency: { $: "dolarów", "£": "funtów", "€": "euro" },
    abbreviations: { p: "pani", m: "pan", dr: "doktor", sw: "święty", jr: "junior" },
  },
  nl: {
    number: (digits) => nl(BigInt(digits)),
    point: "komma",
    ordinal: { marks: /(\d+)(?:de|ste|e)/g, read: (digits) => nlOrdinal(BigInt(digits)) },
    symbols: words("en|bij|procent|hekje|dollar|pond|graden"),
    currency: { $: "dollar", "£": "pond", "€": "euro" },
    abbreviations: { dhr: "de heer", mevr: "mevrouw", dr: "dokter", jhr: "jonkheer" },
  },
  cs: {
    number: (digits) => cs(BigInt(digits)),
    point: "celá",
    symbols: words("a|na|procento|křížek|dolar|libra|stupně"),
    currency: { $: "dolarů", "£": "liber", "€": "euro" },
    abbreviations: { dr: "doktor", ing: "inženýr", p: "pan" },
  },
  ru: {
    number: (digits) => ru(BigInt(digits)),
    point: "запятая",
    symbols: words("и|собака|процентов|номер|доллар|фунт|градус"),
    currency: { $: "долларов", "£": "фунтов", "€": "евро" },
    abbreviations: { "г-жа": "госпожа", "г-н": "господин", "д-р": "доктор" },
  },
  tr: {
    number: (digits) => tr(BigInt(digits)),
    point: null,
    symbols: words("ve|at|yüzde|diyez|dolar|sterlin|derece"),
    currency: { $: "dolar", "£": "sterlin", "€": "euro" },
    abbreviations: { b: "bay", byk: "büyük", dr: "doktor" },
  },
  hu: {
    number: (digits) => hu(BigInt(digits)),
    point: "egész",
    symbols: words("és|kukac|százalék|kettőskereszt|dollár|font|fok"),
    currency: { $: "dollár", "£": "font", "€": "euró" },
    abbreviations: { dr: "doktor", b: "bácsi", nőv: "nővér" },
  },
  ar: {
    number: (digits) => ar(BigInt(digits)),
    point: ",",
    symbols: words("و|على|في المئة|رقم|دولار|جنيه|درجة"),
    currency: { $: "دولار", "£": "جنيه", "€": "يورو" },
    abbreviations: {},
  },
  hi: {
    number: (digits) => hi(BigInt(digits)),
    point: "दशमलव",
    symbols: words("और|ऐट दी रेट|प्रतिशत|हैश|डॉलर|पाउंड|डिग्री"),
    currency: { $: "डॉलर", "£": "पाउंड", "€": "यूरो" },
    abbreviations: {},
  },
}

/** Languages whose text can be made ready here. */
export const cleanedLanguages: readonly string[] = Object.keys(rules)

/** A text as XTTS reads it: lower case, numbers, money, symbols and titles in words, single spaces. */
export function cleanText(text: string, language: string): string {
  const own = rules[language]
  if (!own) return text
  const small = text.replaceAll('"', "").toLowerCase()
  const spelled = withTitles(withNumbers(small, language, own), own)
  return withSymbols(spelled, own).replace(/\s+/g, " ").trim()
}

function withNumbers(text: string, language: string, own: LanguageRules): string {
  const hasPoint = language === "en" || language === "ru"
  const grouped = hasPoint
    ? text.replace(/\b\d{1,3}(?:,\d{3})*(?:\.\d+)?\b/g, (number) => number.replaceAll(",", ""))
    : text.replace(/\b\d{1,3}(?:[.\s]?\d{3})*(?:,\d+)?\b/g, (number) => number.replaceAll(".", ""))
  const paid = grouped.replace(
    /([$£€])([\d.,]*\d)|([\d.,]*\d)([$£€])/g,
    (_, before: string, amount: string, other: string, after: string) =>
      money(amount ?? other, (before ?? after) as keyof LanguageRules["currency"], language, own),
  )
  const { point, ordinal: ordinals } = own
  const pointed =
    point === null
      ? paid
      : paid.replace(/(\d+)[.,](\d+)/g, (_, whole: string, part: string) => decimal(whole, part, point, own))
  const placed = ordinals ? pointed.replace(ordinals.marks, (_, digits: string) => ordinals.read(digits)) : pointed
  return placed.replace(/\d+/g, (digits) => own.number(digits))
}

/** Digits behind the point one by one; trailing zeros are not read. */
function decimal(whole: string, part: string, point: string, own: LanguageRules): string {
  const digits = part.replace(/0+$/, "") || "0"
  return `${own.number(whole)} ${point} ${[...digits].map((digit) => own.number(digit)).join(" ")}`
}

function money(amount: string, sign: keyof LanguageRules["currency"], language: string, own: LanguageRules): string {
  const [whole = "0", part = ""] = amount.replace(",", ".").split(".")
  const unit = own.currency[sign]
  if (Number(part) === 0) return `${own.number(whole)} ${unit}`
  const small = part.padEnd(2, "0").slice(0, 2)
  if (language === "en") return `${own.number(whole)} ${unit}, ${own.number(small)} ${sign === "£" ? "pence" : "cents"}`
  return `${own.number(whole)} ${unit} ${own.number(small)}`
}

function withTitles(text: string, { abbreviations }: LanguageRules): string {
  let changed = text
  for (const [short, long] of Object.entries(abbreviations))
    changed = changed.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${short}${/-/.test(short) ? "" : "\\."}`, "gu"), long)
  return changed
}

function withSymbols(text: string, { symbols }: LanguageRules): string {
  let changed = text
  for (const [index, symbol] of [...symbolNames].entries())
    changed = changed.replaceAll(symbol, ` ${symbols[index] ?? ""} `).replaceAll("  ", " ")
  return changed
}
