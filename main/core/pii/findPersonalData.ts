import { isIPv4, isIPv6 } from "node:net"
import { type CountryCode, findPhoneNumbersInText } from "libphonenumber-js"
import validator from "validator"
import { nationalIds } from "./nationalIds.ts"
import { type PiiKind, piiKinds } from "./policy.ts"

export interface PiiFinding {
  kind: PiiKind
  /** Characters of the text, the end exclusive. */
  start: number
  end: number
  /** A checksum or the rules of a numbering plan agree. False: only its shape does. */
  isChecked: boolean
}

export interface PiiOptions {
  /** Default: all. */
  kinds?: readonly PiiKind[]
  /** Names to look for, whatever their case; each counts as a whole, and words of it from 3 letters on. */
  names?: readonly string[]
  /** Words to look for as they are, whatever their case. */
  exact?: readonly string[]
  /** Countries whose phone numbers are known without their prefix. */
  countries?: readonly string[]
}

const defaultCountries = ["US", "GB", "DE", "FR", "ES", "IT"]
const shortestName = 3

/**
 * Finds personal data by rules: no model, no network, the same answer every time. Ordered, without overlaps. How much it finds and how much of
 * it is right is measured on `test/fixtures/pii.txt` (`npm run bench -- pii`).
 */
export function findPersonalData(text: string, options: PiiOptions = {}): PiiFinding[] {
  const kinds = options.kinds ?? piiKinds
  const found = kinds.flatMap((kind) => finders[kind](text, options).map((finding) => ({ ...finding, kind })))
  return withoutOverlaps(found)
}

type Found = Omit<PiiFinding, "kind">
type Finder = (text: string, options: PiiOptions) => Found[]

const finders: Record<PiiKind, Finder> = {
  email: (text) =>
    text.includes("@")
      ? matches(text, /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}.-]{1,190}\.\p{L}{2,24}/gu, (value) =>
          validator.isEmail(value, { allow_utf8_local_part: true }),
        )
      : [],
  phone: findPhones,
  iban: (text) =>
    longest(text, /(?<!\w)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?!\w)/gi, 15, (value) =>
      validator.isIBAN(value.toUpperCase()),
    ),
  card: (text) => longest(text, /(?<![\w.-])\d(?:[ -]?\d){12,30}/g, 13, (value) => validator.isCreditCard(value)),
  "national-id": (text) => nationalIds.flatMap((id) => findNationalIds(text, id)),
  ip: (text) => [
    ...matches(
      text,
      /(?<![\d.]|\b(?:version|release|v)\s?)\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/gi,
      (value) => isIPv4(value) && !/^(127|0)\./.test(value),
    ),
    ...matches(
      text,
      /(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi,
      (value) => isIPv6(value) && value !== "::1" && value !== "::",
    ),
  ],
  address: (text) => addressPatterns.flatMap((pattern) => matches(text, pattern, () => true, false)),
  name: findNames,
}

function matches(text: string, pattern: RegExp, isRight: (value: string) => boolean, isChecked = true): Found[] {
  return [...text.matchAll(pattern)]
    .filter(([value]) => isRight(value))
    .map((match) => ({ start: match.index, end: match.index + match[0].length, isChecked }))
}

const plain = (value: string): string => value.replaceAll(/[\s.-]/g, "")

/** What follows may look like more of it: the longest beginning that is right counts. */
function longest(text: string, pattern: RegExp, shortest: number, isRight: (plain: string) => boolean): Found[] {
  return [...text.matchAll(pattern)].flatMap(({ index, 0: whole }) => {
    for (let length = whole.length; length >= shortest; length--) {
      const isWhole = !/\w/.test(whole[length] ?? "")
      if (isWhole && isRight(plain(whole.slice(0, length))))
        return [{ start: index, end: index + length, isChecked: true }]
    }
    return []
  })
}

function findPhones(text: string, { countries = defaultCountries }: PiiOptions): Found[] {
  if (!/\d(?:[\s()./-]*\d){5}/.test(text)) return []
  return countries.flatMap((country) =>
    findPhoneNumbersInText(text, { defaultCountry: country as CountryCode, extended: true })
      .map(({ startsAt, endsAt, number }) => ({ start: startsAt, end: endsAt, isValid: number.isValid() }))
      .filter(({ start, end, isValid }) => isValid && isWrittenAsPhone(text, start, end))
      .map(({ start, end }) => ({ start, end, isChecked: true })),
  )
}

/** A bare run of digits is an order or customer number as often as a phone, unless the words before it say so. */
function isWrittenAsPhone(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 30), start)
  const value = text.slice(start, end)
  if (/[\w@#/.=-]$/.test(before) || /^\w/.test(text.slice(end))) return false
  if (value.startsWith("+") || value.startsWith("00")) return true
  if (
    /\b(?:invoice|order|ticket|case|part|serial|version|isbn|no|nr|nummer|rechnung|bestellung|ref)\b[^\d]{0,12}$/i.test(
      before,
    )
  )
    return false
  return /[\s()./-]/.test(value.trim())
    ? /^[(0]|\)|-\d{3}-|^\d{3}[ .-]\d{3}[ .-]\d{4}$/.test(value)
    : phoneWords.test(before)
}
const phoneWords =
  /\b(?:phone|call|calls|tel|telephone|mobile|cell|fax|text|ring|whatsapp|telefon|handy|mobil|ruf|anrufen|tél|téléphone|portable|teléfono|móvil|telefono|cellulare)\b[^\d]{0,15}$/i

function findNationalIds(text: string, { pattern, isValid, context }: (typeof nationalIds)[number]): Found[] {
  return matches(
    text,
    pattern,
    (value) =>
      isValid?.(value.replaceAll(/[\s.-]/g, (sign) => (/^\d{6}-/.test(value) && /[A-Z]$/.test(value) ? sign : ""))) ??
      true,
    isValid !== undefined,
  ).filter(({ start }) => !context || context.test(text.slice(Math.max(0, start - 40), start)))
}

const word = "\\p{Lu}(?:[\\p{L}'’-]*\\p{L})?"
const town = "\\p{Lu}\\p{Ll}(?:[\\p{L}'’-]*\\p{L})?"
const place = `(?:,?\\s+(?:(?:D|A|CH|F|I|E)-)?\\d{4,5}\\s+${word}(?:[ -]${word}){0,2})?`
/** Street and number, with postcode and town where they follow. */
const addressPatterns = [
  new RegExp(
    `(?<![\\w-])\\d{1,5}[A-Za-z]?\\s+(?:${word}\\s+){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Square|Terrace|Close|Crescent|Gardens|Mews)\\b(?:,\\s+(?:Apt|Flat|Unit)\\.?\\s+\\w+)?(?:,\\s+${town}(?:\\s${town})?)?(?:,?\\s+(?:[A-Z]{2}\\s+\\d{5}(?:-\\d{4})?|[A-Z]{1,2}\\d[A-Z\\d]?\\s?\\d[A-Z]{2}))?`,
    "gu",
  ),
  new RegExp(
    `(?<![\\w-])(?:${word}[ -])?(?:[\\p{Lu}][\\p{L}-]*(?:straße|strasse|str\\.|weg|gasse|platz|allee|damm|ufer)|(?:[\\p{L}-]+ )?(?:Straße|Weg|Gasse|Platz|Allee|Damm|Ufer))\\s+\\d{1,4}\\s?[a-z]?(?![\\w])${place}`,
    "gu",
  ),
  new RegExp(
    `(?<![\\w-])\\d{1,4}(?:\\s?(?:bis|ter))?,?\\s+(?:rue|avenue|boulevard|chemin|impasse|allée|quai|cours|place)\\s+(?:(?:de|du|des|la|le|les|d'|l'|d’|l’)\\s?)*${word}(?:[ -](?:(?:de|du|des|la|le)\\s)?${word}){0,3}${place}`,
    "gu",
  ),
  new RegExp(
    `(?<![\\w-])(?:Calle|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua)\\s+(?:(?:de|del|della|di|la|los|las|da|do)\\s+)*${word}(?:\\s(?:de\\s|del\\s)?${word}){0,3},?\\s+\\d{1,4}${place}`,
    "gu",
  ),
]

function findNames(text: string, { names = [], exact = [] }: PiiOptions): Found[] {
  const parts = names.flatMap((name) => [
    name.trim(),
    ...name.split(/\s+/).filter((part) => part.length >= shortestName),
  ])
  const wanted = new Set([...parts, ...exact.map((value) => value.trim())].filter(Boolean))
  if (wanted.size === 0) return []
  const alternatives = [...wanted]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\s+/g, "\\s+"))
  return matches(
    text,
    new RegExp(`(?<![\\p{L}\\p{N}@])(?:${alternatives.join("|")})(?![\\p{L}\\p{N}])`, "giu"),
    () => true,
    false,
  )
}

/** What is checked goes before what only looks like it, then the longer before the shorter. */
function withoutOverlaps(found: readonly PiiFinding[]): PiiFinding[] {
  const kept: PiiFinding[] = []
  const byWorth = [...found].sort(
    (a, b) => Number(b.isChecked) - Number(a.isChecked) || b.end - b.start - (a.end - a.start) || a.start - b.start,
  )
  for (const finding of byWorth)
    if (!kept.some(({ start, end }) => finding.start < end && start < finding.end)) kept.push(finding)
  return kept.sort((a, b) => a.start - b.start)
}
