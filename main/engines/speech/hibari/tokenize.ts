import { escapeRegExp, letterClass, wordClass } from "./characters.ts"

export interface RawToken {
  text: string
  /** A space when the text had one after the token. */
  whitespace: "" | " "
}

const lower = "a-zß-öø-ÿ"
const upper = "A-ZÀ-ÖØ-Þ"
const quotes = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉"
const punctuation = "…,:;!?¿¡()[]{}<>_#*&。？！，、；：～·"
const icons = "™®©°§¶†‡•"
const currencies = String.raw`\$|£|€|¥|฿|US\$|C\$|A\$|₽|₹|₩|₪|₺|₴|₦|₫|₱|₲|₵|₸|₼|₾|₿`
const units =
  "km|km²|km³|m|m²|m³|dm|dm²|dm³|cm|cm²|cm³|mm|mm²|mm³|ha|µm|nm|yd|in|ft|kg|g|mg|µg|t|lb|oz|m/s|km/h" +
  "|kmh|mph|hPa|Pa|mbar|mb|MB|kb|KB|gb|GB|tb|TB|T|G|M|K|%"
const each = (characters: string): string[] => [...characters].map(escapeRegExp)
const iconClass = `[${escapeRegExp(icons)}]`

const prefixes = [
  ...["§", "%", "=", "—", "–", String.raw`\+(?![0-9])`, "…", "……"],
  ...each(punctuation),
  String.raw`\.\.+`,
  ...each(quotes),
  currencies,
  iconClass,
]
const suffixes = [
  ...["…", "……"],
  ...each(punctuation),
  String.raw`\.\.+`,
  ...each(quotes),
  iconClass,
  ...["'s", "'S", "’s", "’S", "—", "–"],
  String.raw`(?<=[0-9])\+`,
  String.raw`(?<=°[FfCcKk])\.`,
  `(?<=[0-9])(?:${currencies})`,
  `(?<=[0-9])(?:${units})`,
  String.raw`(?<=[0-9${lower}%²\-+${escapeRegExp(punctuation)}${escapeRegExp(quotes)}])\.`,
  String.raw`(?<=[${upper}][${upper}])\.`,
]
const alphanumeric = String.raw`[\p{L}\p{N}]`
const infixes = [
  String.raw`\.\.+`,
  "…",
  iconClass,
  String.raw`(?<=[0-9])[+\-*^](?=[0-9\-])`,
  String.raw`(?<=[${lower}${escapeRegExp(quotes)}])\.(?=[${upper}${escapeRegExp(quotes)}])`,
  `(?<=${letterClass}),(?=${letterClass})`,
  `(?<=${alphanumeric})(?:-|–|—|--|---|——|~)(?=${letterClass})`,
  `(?<=${alphanumeric})[:<>=/](?=${letterClass})`,
]
const prefixPattern = new RegExp(prefixes.map((part) => `^(?:${part})`).join("|"), "u")
const suffixPattern = new RegExp(suffixes.map((part) => `(?:${part})$`).join("|"), "u")
const infixPattern = new RegExp(infixes.map((part) => `(?:${part})`).join("|"), "gu")
const word = wordClass.slice(1, -1)
const address = new RegExp(
  String.raw`^(?:(?:https?|ftp)://|www\.)\S+$|^[${word}.+\-]+@[${word}\-]+(?:\.[${word}\-]+)+$` +
    String.raw`|^(?:[${word}\-]+\.)+(?:com|org|net|edu|gov|io|co|uk|de|fr|info|biz|us|ca|au|tv|me|ly|ai)(?:/\S*)?$`,
  "iu",
)

/**
 * Splits text into the words the tagger was trained on. The rules are those of spaCy's English tokenizer (MIT): special cases, then
 * prefixes and suffixes peeled off, then infixes, then neighbours that spell a special case joined again ("Sept" + ".").
 *
 * @param exceptions tokenizer_exceptions.json: a chunk of text and the tokens it stands for.
 */
export function createTokenizer(exceptions: Record<string, string[]>): (text: string) => RawToken[] {
  const special = new Map(Object.entries(exceptions))
  return (text) => {
    const tokens: RawToken[] = []
    for (const match of text.matchAll(/\S+/g)) {
      const parts = split(match[0], special)
      const isLast = match.index + match[0].length >= text.length
      for (const [index, part] of parts.entries())
        tokens.push({ text: part, whitespace: index < parts.length - 1 || isLast ? "" : " " })
    }
    return tokens
  }
}

function split(chunk: string, special: ReadonlyMap<string, string[]>): string[] {
  const known = special.get(chunk)
  if (known) return known
  const before: string[] = []
  const after: string[] = []
  let rest = chunk
  let length = -1
  while (rest !== "" && rest.length !== length && !special.has(rest)) {
    length = rest.length
    const prefix = prefixPattern.exec(rest)?.[0] ?? ""
    const withoutPrefix = rest.slice(prefix.length)
    if (prefix && special.has(withoutPrefix)) {
      before.push(prefix)
      rest = withoutPrefix
      break
    }
    const suffix = suffixPattern.exec(withoutPrefix)?.[0] ?? ""
    const withoutSuffix = rest.slice(0, rest.length - suffix.length)
    if (suffix && special.has(withoutSuffix)) {
      after.push(suffix)
      rest = withoutSuffix
      break
    }
    if (prefix) before.push(prefix)
    if (suffix) after.push(suffix)
    rest = rest.slice(prefix.length, rest.length - suffix.length)
  }
  const tokens = [...before, ...splitInside(rest, special), ...after.reverse()]
  return tokens.length > 1 ? rejoin(tokens, special) : tokens
}

function splitInside(text: string, special: ReadonlyMap<string, string[]>): string[] {
  if (text === "") return []
  const known = special.get(text)
  if (known) return known
  if (address.test(text)) return [text]
  const tokens: string[] = []
  let start = 0
  for (const match of text.matchAll(infixPattern)) {
    if (match.index === 0 || match[0] === "") continue
    if (match.index > start) tokens.push(text.slice(start, match.index))
    tokens.push(match[0])
    start = match.index + match[0].length
  }
  if (start < text.length) tokens.push(text.slice(start))
  return tokens
}

function rejoin(tokens: readonly string[], special: ReadonlyMap<string, string[]>): string[] {
  const joined: string[] = []
  for (let at = 0; at < tokens.length; ) {
    const size = [3, 2].find(
      (count) => at + count <= tokens.length && special.has(tokens.slice(at, at + count).join("")),
    )
    joined.push(...(size ? (special.get(tokens.slice(at, at + size).join("")) ?? []) : [tokens[at] ?? ""]))
    at += size ?? 1
  }
  return joined
}
