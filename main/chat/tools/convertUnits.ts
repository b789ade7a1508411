/** Unit as mathjs knows it, and what people call it. Only these: mathjs's own names would read "in" or "a" as units. */
const names: Readonly<Record<string, string>> = {
  mm: "mm millimetre millimetres millimeter millimeters",
  cm: "cm centimetre centimetres centimeter centimeters",
  m: "m metre metres meter meters",
  km: "km kilometre kilometres kilometer kilometers",
  inch: "inch inches",
  foot: "ft foot feet",
  yard: "yd yard yards",
  mile: "mi mile miles",
  g: "g gram grams gramme grammes",
  kg: "kg kilo kilos kilogram kilograms",
  oz: "oz ounce ounces",
  lb: "lb lbs pound pounds",
  stone: "stone",
  ml: "ml millilitre millilitres milliliter milliliters",
  l: "l litre litres liter liters",
  cup: "cup cups",
  pint: "pint pints",
  gallon: "gallon gallons",
  degC: "°c celsius centigrade",
  degF: "°f fahrenheit",
  second: "s second seconds",
  minute: "minute minutes",
  hour: "hour hours",
  day: "day days",
  week: "week weeks",
  "km/h": "km/h kph",
  "mile/h": "mph",
  "m^2": "m² sqm",
  acre: "acre acres",
  hectare: "ha hectare hectares",
}
const units: ReadonlyMap<string, string> = new Map(
  Object.entries(names).flatMap(([unit, words]) => words.split(" ").map((word) => [word, unit] as const)),
)

/** The library's name of a unit in words: "degrees Celsius", "miles". Undefined: none that is known. */
export const unitOf = (words: string): string | undefined =>
  units.get(
    words
      .trim()
      .toLowerCase()
      .replace(/^degrees? /, ""),
  )

/** `amount` of one unit in another, to 6 significant digits. Null: they measure different things. Units as `unitOf` names them. */
export async function convertUnits(amount: number, from: string, to: string): Promise<string | null> {
  const { unit, format } = await import("mathjs")
  try {
    return format(unit(amount, from).toNumber(to), { precision: 6 })
  } catch {
    return null
  }
}
