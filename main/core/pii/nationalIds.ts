/** Numbers that states give to people, by country: how they are written, and the checksum where there is one. */
export interface NationalId {
  country: string
  name: string
  pattern: RegExp
  /** Takes what the pattern found, without spaces, dots and dashes. Absent: the shape is all there is. */
  isValid?(plain: string): boolean
  /** Words of which one must stand shortly before: for shapes that other numbers have too. */
  context?: RegExp
}

const digitsOf = (plain: string): number[] => [...plain].map(Number)
const weighted = (digits: readonly number[], weights: readonly number[]): number =>
  weights.reduce((sum, weight, n) => sum + weight * (digits[n] ?? 0), 0)
const isRepeated = (plain: string): boolean => /^(\d)\1*$/.test(plain)

export function isLuhn(plain: string): boolean {
  const sum = digitsOf(plain)
    .reverse()
    .reduce((total, digit, n) => total + (n % 2 === 0 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2), 0)
  return sum % 10 === 0
}

/** ISO 7064, MOD 11,10: the German tax number. */
function isMod1110(plain: string): boolean {
  let product = 10
  for (const digit of digitsOf(plain.slice(0, -1))) product = (((digit + product) % 10 || 10) * 2) % 11
  return (11 - product) % 10 === Number(plain.at(-1))
}

const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"
const isDni = (plain: string): boolean => {
  const number = Number(plain.slice(0, -1).replace(/^[XYZ]/, (letter) => String("XYZ".indexOf(letter))))
  return dniLetters[number % 23] === plain.at(-1)
}

/** Values of letters and digits at odd places of a codice fiscale; at even places they count as they are. */
const oddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
const placeOf = (character: string): number =>
  /\d/.test(character) ? Number(character) : character.charCodeAt(0) - "A".charCodeAt(0)
const isCodiceFiscale = (plain: string): boolean => {
  const sum = [...plain.slice(0, 15)].reduce(
    (total, character, n) => total + (n % 2 === 0 ? (oddValues[placeOf(character)] ?? 0) : placeOf(character)),
    0,
  )
  return String.fromCharCode("A".charCodeAt(0) + (sum % 26)) === plain.at(-1)
}

const isAhv = (plain: string): boolean => {
  const sum = digitsOf(plain.slice(0, -1)).reduce((total, digit, n) => total + digit * (n % 2 === 0 ? 1 : 3), 0)
  return (10 - (sum % 10)) % 10 === Number(plain.at(-1))
}

const isPesel = (plain: string): boolean => {
  const sum = weighted(digitsOf(plain), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3])
  return (10 - (sum % 10)) % 10 === Number(plain.at(-1)) && !isRepeated(plain)
}

const hetuLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY"
const isHetu = (plain: string): boolean =>
  hetuLetters[Number(plain.slice(0, 6) + plain.slice(7, 10)) % 31] === plain.at(-1)

const cpfDigit = (digits: readonly number[], count: number): number => {
  const sum = digits.slice(0, count).reduce((total, digit, n) => total + digit * (count + 1 - n), 0)
  return ((sum * 10) % 11) % 10
}
const isCpf = (plain: string): boolean => {
  const digits = digitsOf(plain)
  return !isRepeated(plain) && cpfDigit(digits, 9) === digits[9] && cpfDigit(digits, 10) === digits[10]
}

export const nationalIds: readonly NationalId[] = [
  {
    country: "US",
    name: "Social Security number",
    pattern: /\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b/g,
  },
  {
    country: "GB",
    name: "National Insurance number",
    pattern: /\b(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b/g,
  },
  {
    country: "DE",
    name: "Steuer-ID",
    pattern: /\b[1-9]\d ?\d{3} ?\d{3} ?\d{3}\b/g,
    isValid: isMod1110,
    context: /steuer|tax|idnr|tin\b/i,
  },
  {
    country: "FR",
    name: "numéro de sécurité sociale",
    pattern: /\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b/g,
    isValid: (plain) =>
      97 - (Number(plain.slice(0, 13).replace("2A", "19").replace("2B", "18")) % 97) === Number(plain.slice(13)),
  },
  { country: "ES", name: "DNI or NIE", pattern: /\b(?:\d{8}|[XYZ]-?\d{7})[ -]?[A-HJ-NP-TV-Z]\b/g, isValid: isDni },
  {
    country: "IT",
    name: "codice fiscale",
    pattern: /\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b/g,
    isValid: isCodiceFiscale,
  },
  { country: "CH", name: "AHV number", pattern: /\b756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}\b/g, isValid: isAhv },
  {
    country: "NL",
    name: "burgerservicenummer",
    pattern: /\b\d{9}\b|\b\d{4}[. ]\d{2}[. ]\d{3}\b/g,
    isValid: (plain) => weighted(digitsOf(plain), [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && !isRepeated(plain),
    context: /\bbsn\b|burgerservice|sofi/i,
  },
  { country: "PL", name: "PESEL", pattern: /\b\d{11}\b/g, isValid: isPesel, context: /pesel/i },
  {
    country: "FI",
    name: "henkilötunnus",
    pattern: /\b[0-3]\d[01]\d{3}[-+A]\d{3}[0-9A-FHJ-NPR-Y]\b/g,
    isValid: (plain) => isHetu(plain),
  },
  {
    country: "SE",
    name: "personnummer",
    pattern: /\b(?:19|20)?\d{2}[01]\d[0-3]\d[-+]\d{4}\b/g,
    isValid: (plain) => isLuhn(plain.slice(-10)),
  },
  { country: "BR", name: "CPF", pattern: /\b\d{3}\.\d{3}\.\d{3}-\d{2}\b/g, isValid: isCpf },
]
