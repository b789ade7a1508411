import { childOf, elements, findAll, findFirst, parseXml } from "./xml.ts"

/** What of a spreadsheet's number format matters to a reader. */
export type NumberFormat =
  | { type: "general" }
  | { type: "date"; hasDate: boolean; hasTime: boolean }
  | { type: "number"; decimals: number; isGrouped: boolean; isPercent: boolean; prefix: string; suffix: string }

/** Formats that have a number instead of a text (ECMA-376, 18.8.30). */
const builtIn: Record<number, string> = {
  ...{
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
  },
  ...{
    17: "mmm-yy",
    18: "h:mm",
    19: "h:mm:ss",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0",
    38: "#,##0",
  },
  ...{ 39: "#,##0.00", 40: "#,##0.00", 45: "mm:ss", 46: "h:mm:ss", 47: "mm:ss" },
}

/** The number format of each cell style, by the style's place. */
export function numberFormats(styles: Uint8Array | undefined): NumberFormat[] {
  if (!styles) return []
  const root = parseXml(styles, "xlsx")
  const codes = new Map(Object.entries(builtIn).map(([id, code]) => [Number(id), code]))
  for (const { attributes } of findAll(childOf(root, "numFmts"), "numFmt"))
    codes.set(Number(attributes.numFmtId), attributes.formatCode ?? "")
  const cellStyles = findFirst(root, "cellXfs")
  return cellStyles
    ? elements(cellStyles).map(({ attributes }) => formatOf(codes.get(Number(attributes.numFmtId))))
    : []
}

export function formatOf(code: string | undefined): NumberFormat {
  // Only the first section counts: the others are for negative numbers, zero and text.
  const [section = ""] = (code ?? "").split(";")
  if (section === "" || /^general$/i.test(section)) return { type: "general" }
  const symbols = [...section.matchAll(/\[\$([^\]-]*)[^\]]*\]/g)].map((match) => match[1] as string).join("")
  const bare = section.replace(/\\.|_.|\*./g, "").replace(/\[(?!h|m|s)[^\]]*\]/gi, "")
  const unquoted = bare.replace(/"[^"]*"/g, "")
  if (/[ymdhs]/i.test(unquoted) && !/[0#]/.test(unquoted.replace(/s\.0+/gi, ""))) {
    const hasTime = /[hs]/i.test(unquoted)
    return { type: "date", hasDate: /[yd]/i.test(unquoted) || !hasTime, hasTime }
  }
  if (!/[0#?]/.test(unquoted)) return { type: "general" }
  const [before = "", after = ""] = splitAroundDigits(bare)
  return {
    type: "number",
    decimals: Math.min(15, /\.([0#?]+)/.exec(unquoted)?.[1]?.length ?? 0),
    isGrouped: /[#0],[#0]/.test(unquoted),
    isPercent: unquoted.includes("%"),
    prefix: literal(before) + (section.indexOf("[$") <= section.search(/[0#]/) ? symbols : ""),
    suffix: (section.indexOf("[$") > section.search(/[0#]/) ? symbols : "") + literal(after),
  }
}

function splitAroundDigits(format: string): [string, string] {
  const first = format.search(/[0#?]/)
  const last = Math.max(format.lastIndexOf("0"), format.lastIndexOf("#"), format.lastIndexOf("?"))
  return [format.slice(0, first), format.slice(last + 1)]
}

const literal = (text: string): string => text.replace(/["%]/g, "")

/** A cell's number as its sheet shows it; dates as `2026-11-23`, so that they sort and are found the same everywhere. */
export function writeNumber(value: string, format: NumberFormat | undefined, isFrom1904: boolean): string {
  const number = Number(value)
  if (value.trim() === "" || !Number.isFinite(number)) return value
  if (!format || format.type === "general") return String(Number(number.toPrecision(15)))
  if (format.type === "date") return writeDate(number, format, isFrom1904)
  const scaled = format.isPercent ? number * 100 : number
  const digits = Math.abs(scaled).toLocaleString("en-US", {
    minimumFractionDigits: format.decimals,
    maximumFractionDigits: format.decimals,
    useGrouping: format.isGrouped,
  })
  return `${scaled < 0 ? "-" : ""}${format.prefix.trimStart()}${digits}${format.isPercent ? "%" : ""}${format.suffix.trimEnd()}`
}

function writeDate(serial: number, format: { hasDate: boolean; hasTime: boolean }, isFrom1904: boolean): string {
  // Day 60 of the 1900 calendar is a 29 February that never was.
  const days = isFrom1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial
  const at = Math.round((days - 25_569) * 86_400) * 1000
  if (serial < 0 || Math.abs(at) > 8.6e15) return String(serial)
  const text = new Date(at).toISOString()
  const time = text.slice(11, text.slice(17, 19) === "00" ? 16 : 19)
  if (!format.hasDate) return serial >= 1 ? `${Math.floor(serial * 24)}:${text.slice(14, 16)}` : time
  return format.hasTime ? `${text.slice(0, 10)} ${time}` : text.slice(0, 10)
}
