/** Dates, times, units, currencies and signs as words. Plain numbers stay digits: every voice reads those. Fixed rules, US style. */
export function speakAmounts(text: string): string {
  let spoken = text
  for (const [pattern, words] of rules)
    spoken = spoken.replace(pattern, (...match: unknown[]) => {
      const groups = match.slice(0, -2).map((group) => (typeof group === "string" ? group : ""))
      return words(groups, match)
    })
  return spoken
}

type Rule = [pattern: RegExp, words: (groups: string[], match: unknown[]) => string]

const months = [
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
]
const amount = String.raw`[-−]?\d[\d,]*(?:\.\d+)?`
/** Where an amount may begin: not inside a word, a version or another number. */
const begins = String.raw`(?<![\p{L}\p{N}_.,/-])`
const ends = String.raw`(?![\p{L}\p{N}_])`

const units: Record<string, [string, string]> = {
  "km/h": ["kilometer per hour", "kilometers per hour"],
  kmh: ["kilometer per hour", "kilometers per hour"],
  mph: ["mile per hour", "miles per hour"],
  "m/s": ["meter per second", "meters per second"],
  "l/min": ["liter per minute", "liters per minute"],
  "L/min": ["liter per minute", "liters per minute"],
  km: ["kilometer", "kilometers"],
  m: ["meter", "meters"],
  cm: ["centimeter", "centimeters"],
  mm: ["millimeter", "millimeters"],
  "m²": ["square meter", "square meters"],
  "m³": ["cubic meter", "cubic meters"],
  µm: ["micrometer", "micrometers"],
  kg: ["kilogram", "kilograms"],
  g: ["gram", "grams"],
  mg: ["milligram", "milligrams"],
  lb: ["pound", "pounds"],
  lbs: ["pound", "pounds"],
  oz: ["ounce", "ounces"],
  ft: ["foot", "feet"],
  yd: ["yard", "yards"],
  mi: ["mile", "miles"],
  l: ["liter", "liters"],
  L: ["liter", "liters"],
  ml: ["milliliter", "milliliters"],
  mL: ["milliliter", "milliliters"],
  gal: ["gallon", "gallons"],
  tbsp: ["tablespoon", "tablespoons"],
  tsp: ["teaspoon", "teaspoons"],
  W: ["watt", "watts"],
  kW: ["kilowatt", "kilowatts"],
  kWh: ["kilowatt hour", "kilowatt hours"],
  V: ["volt", "volts"],
  A: ["amp", "amps"],
  mA: ["milliamp", "milliamps"],
  mAh: ["milliamp hour", "milliamp hours"],
  Hz: ["hertz", "hertz"],
  kHz: ["kilohertz", "kilohertz"],
  MHz: ["megahertz", "megahertz"],
  GHz: ["gigahertz", "gigahertz"],
  dB: ["decibel", "decibels"],
  bar: ["bar", "bar"],
  psi: ["pound per square inch", "pounds per square inch"],
  kPa: ["kilopascal", "kilopascals"],
  KB: ["kilobyte", "kilobytes"],
  kB: ["kilobyte", "kilobytes"],
  MB: ["megabyte", "megabytes"],
  GB: ["gigabyte", "gigabytes"],
  TB: ["terabyte", "terabytes"],
  "Mbit/s": ["megabit per second", "megabits per second"],
  Mbps: ["megabit per second", "megabits per second"],
  ms: ["millisecond", "milliseconds"],
  s: ["second", "seconds"],
  sec: ["second", "seconds"],
  min: ["minute", "minutes"],
  mins: ["minute", "minutes"],
  h: ["hour", "hours"],
  hr: ["hour", "hours"],
  hrs: ["hour", "hours"],
}
const currencies: Record<string, { whole: [string, string]; part: [string, string] }> = {
  $: { whole: ["dollar", "dollars"], part: ["cent", "cents"] },
  "€": { whole: ["euro", "euros"], part: ["cent", "cents"] },
  "£": { whole: ["pound", "pounds"], part: ["penny", "pence"] },
  "¥": { whole: ["yen", "yen"], part: ["sen", "sen"] },
  "₹": { whole: ["rupee", "rupees"], part: ["paisa", "paise"] },
  USD: { whole: ["dollar", "dollars"], part: ["cent", "cents"] },
  EUR: { whole: ["euro", "euros"], part: ["cent", "cents"] },
  GBP: { whole: ["pound", "pounds"], part: ["penny", "pence"] },
}
const multiples: Record<string, string> = { k: "thousand", m: "million", bn: "billion", b: "billion" }
const signs = "[$€£¥₹]"
const codes = "USD|EUR|GBP"
const multiple = String.raw`thousand|million|billion|trillion|bn|[kKmMbB](?![\p{L}\p{N}])`
const unitNames = Object.keys(units)
  .sort((a, b) => b.length - a.length)
  .join("|")

const rules: Rule[] = [
  // Telephone numbers, digit by digit.
  [
    /(?<![\p{L}\p{N}_.-])(?:\(?(\d{3})\)?[- ])?(\d{3})-(\d{4})(?![\p{L}\p{N}_-])/gu,
    ([, ...groups]) =>
      groups
        .filter((group) => group !== "")
        .map((group) => [...group].join(" "))
        .join(", "),
  ],
  [
    new RegExp(String.raw`${begins}(\d{4})-(\d{2})-(\d{2})${ends}`, "gu"),
    ([whole = "", year = "", month, day]) => dateWords(year, Number(month), Number(day)) ?? whole,
  ],
  [
    new RegExp(String.raw`${begins}(\d{1,2})/(\d{1,2})/(\d{4})${ends}`, "gu"),
    ([whole = "", first, second, year = ""]) =>
      dateWords(year, Number(first), Number(second)) ?? dateWords(year, Number(second), Number(first)) ?? whole,
  ],
  [/(?<![\p{L}\p{N}_.,:])(\d{1,2}):(\d{2})(?:\s?([ap])\.?m\.?(?!\p{L}))?(?![\p{L}\p{N}:])/giu, timeWords],
  [
    /(?<![p{L}p{N}_.,:])(\d{1,2})\s?([ap])\.?m\b\.?/gi,
    ([, hour, half = ""], match) => `${hour} ${half.toUpperCase()}M${periodAfter(match)}`,
  ],
  [
    new RegExp(String.raw`(?<![\p{L}\p{N}])(?:US|CA|AU)?(${signs})\s?(${amount})(?:\s?(${multiple}))?`, "gu"),
    ([, sign = "", number = "", big = ""]) => moneyWords(sign, number, big),
  ],
  [
    new RegExp(String.raw`${begins}(${codes})\s?(${amount})(?:\s?(${multiple}))?`, "gu"),
    ([, code = "", number = "", big = ""]) => moneyWords(code, number, big),
  ],
  [
    new RegExp(String.raw`${begins}(${amount})\s?(${signs}|(?:${codes})${ends})`, "gu"),
    ([, number = "", sign = ""]) => moneyWords(sign, number, ""),
  ],
  [
    new RegExp(
      String.raw`${begins}(${amount})\s?[-–]\s?(${amount})(?=\s?(?:°|%|${unitNames})${ends}|[^\p{L}\p{N}_/.-]|[.,](?!\d)|$)`,
      "gu",
    ),
    ([whole = "", from = "", to = ""]) => (isRange(from, to) ? `${from} to ${to}` : whole),
  ],
  [
    new RegExp(String.raw`(?<![\p{L}\p{N}_./])(${amount})\s?°\s?([CFK])?(?!\p{L})`, "gu"),
    ([, number = "", scale = ""]) => degreeWords(number, scale),
  ],
  [
    new RegExp(String.raw`(?<![\p{L}\p{N}_./])(${amount})\s?(${unitNames})${ends}(?!['’])`, "gu"),
    ([, number = "", unit = ""]) => `${signed(number)} ${pick(number, units[unit])}`,
  ],
  [new RegExp(String.raw`(?<![\p{L}\p{N}_./])(${amount})\s?%`, "gu"), ([, number = ""]) => `${signed(number)} percent`],
  [/(?<![\p{L}\p{N}_./])(\d+(?:\.\d+)?)\s?[x×]\s?(?=\d)/giu, ([, number]) => `${number} by `],
  [/(?<![\p{L}\p{N}])(?:no|nr)\.\s?(?=\d)/giu, () => "number "],
  [/(?<![\p{L}\p{N}&])#(?=\d)/gu, () => "number "],
  [/(?<![\p{L}\p{N}])v(\d+(?:\.\d+)*)/gu, ([, version = ""]) => `version ${version.replaceAll(".", " point ")}`],
  [/(?<![\d.])(\d+)\.(\d+)\.(\d+)(?:\.(\d+))?(?![\d.]\d)/gu, ([whole = ""]) => whole.replaceAll(".", " point ")],
  [/(?<!\p{L})e\.\s?g\.,?/giu, () => "for example,"],
  [/(?<!\p{L})i\.\s?e\.,?/giu, () => "that is,"],
  [/(?<!\p{L})etc\./giu, (_groups, match) => `et cetera${periodAfter(match)}`],
  [/(?<!\p{L})approx\./giu, () => "approximately"],
  [/(?<!\p{L})fig\.\s?(?=\d)/giu, () => "figure "],
  [/(?<!\p{L})pp\.\s?(?=\d)/giu, () => "pages "],
  [/(?<!\p{L})p\.\s?(?=\d)/giu, () => "page "],
  [/(?<!\p{L})vs\.?(?!\p{L})/giu, () => "versus"],
  [/½/g, () => " one half"],
  [/¼/g, () => " one quarter"],
  [/¾/g, () => " three quarters"],
  [/\s?±\s?/g, () => " plus or minus "],
  [/\s?≈\s?|(?<!\S)~(?=\d)/g, () => " about "],
  [/\s?≤\s?/g, () => " at most "],
  [/\s?≥\s?/g, () => " at least "],
  [/\s?(?:→|⇒|->|=>)\s?/g, () => ", "],
  [/(?<=[\p{L}\p{N}])\s=\s(?=[\p{L}\p{N}])/gu, () => " equals "],
  [/(?<=\S)\s&\s(?=\S)/g, () => " and "],
  [/(?<=\p{L})\/(?=\p{L})/gu, () => " or "],
]

function timeWords([whole = "", hour = "", minute = "", half = ""]: string[], match: unknown[]): string {
  if (Number(hour) > 24 || Number(minute) > 59) return whole
  const isHalf = half !== ""
  const minutes =
    Number(minute) === 0 ? (isHalf ? "" : " o'clock") : ` ${Number(minute) < 10 ? `oh ${Number(minute)}` : minute}`
  return `${Number(hour)}${minutes}${isHalf ? ` ${half.toUpperCase()}M${periodAfter(match)}` : ""}`
}

/** "p.m." at the end of the text closes the sentence too. */
function periodAfter(match: unknown[]): string {
  const whole = String(match[0])
  const text = String(match.at(-1))
  const at = Number(match.at(-2))
  return whole.endsWith(".") && /^\s*(?:$|\p{Lu})/u.test(text.slice(at + whole.length)) ? "." : ""
}

function dateWords(year: string, month: number, day: number): string | null {
  const name = months[month - 1]
  if (name === undefined || day < 1 || day > 31) return null
  return `${name} ${day}${ordinalEnding(day)}, ${year}`
}

function ordinalEnding(value: number): string {
  if (value % 100 >= 11 && value % 100 <= 13) return "th"
  return ["th", "st", "nd", "rd"][value % 10] ?? "th"
}

function moneyWords(sign: string, number: string, big: string): string {
  const unit = currencies[sign]
  if (!unit) return `${sign}${number}`
  if (big !== "") return `${number} ${multiples[big.toLowerCase()] ?? big} ${unit.whole[1]}`
  const [whole = "", part] = number.split(".")
  if (part === undefined || part.length !== 2 || Number(part) === 0) {
    const shown = part !== undefined && Number(part) === 0 ? whole : number
    return `${signed(shown)} ${pick(shown, unit.whole)}`
  }
  const cents = `${Number(part)} ${pick(String(Number(part)), unit.part)}`
  return Number(whole) === 0 ? cents : `${signed(whole)} ${pick(whole, unit.whole)} and ${cents}`
}

function degreeWords(number: string, scale: string): string {
  const names: Record<string, string> = { C: " Celsius", F: " Fahrenheit", K: " Kelvin" }
  return `${signed(number)} ${pick(number, ["degree", "degrees"])}${names[scale] ?? ""}`
}

/** Two plain numbers, the second larger; anything else with a hyphen is a part number or a telephone number. */
function isRange(from: string, to: string): boolean {
  const plain = (text: string): number => Number(text.replaceAll(",", ""))
  return !/^[-−]/.test(to) && plain(from) < plain(to) && !/^0\d/.test(to)
}

const signed = (number: string): string => number.replace(/^[-−]/, "minus ")
const pick = (number: string, words: [string, string] | undefined): string =>
  words?.[/^[-−]?1(?:\.0+)?$/.test(number) ? 0 : 1] ?? ""
