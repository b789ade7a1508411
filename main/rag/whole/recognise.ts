import type { WholeRoute } from "#contract/turns.ts"

/**
 * A question that the best few passages cannot answer, as its wording says. Whether it really is one is known only when what it names
 * has been found among the documents (`resolve.ts`): "How many rooms has the flat?" counts nothing in a table of ours.
 */
export type WholeQuestion =
  | {
      route: "count" | "list"
      /** What is counted or listed, in the person's words: "orders over 100". */
      what: string
      /** The document or collection it is looked for in. Null: everywhere. */
      where: string | null
      /** Words that every counted document or row must have. */
      having: string | null
    }
  | { route: "mentions"; what: string; where: string | null }
  | { route: "summary"; subject: string }
  | { route: "compare"; first: string; second: string }
  | { route: "latest"; what: string; about: string | null }

export const routeOf = (question: WholeQuestion): WholeRoute =>
  question.route === "mentions" ? "count" : question.route

const longestQuestion = 300
const polite = String.raw`^(?:(?:hey|hi|ok|okay|please|so|and|now)\b[,!]?\s+)*(?:(?:can|could|would|will) you\s+(?:please\s+)?(?:also\s+)?)?(?:please\s+)?(?:i (?:want|need|would like) (?:you to|to know|to see)\s+)?`
const rule = (source: string): RegExp => new RegExp(polite + source, "iu")

const summary = [
  rule(
    String.raw`(?:summari[sz]e|sum up|recap|tl;?dr:?|outline)\s+(?:for me\s+)?(.{2,120}?)(?:\s+for me|\s+(?:briefly|shortly|in (?:a few|one|two|three|\d+) (?:words|sentences?|lines?|bullet points?|points)))?[?.!]*$`,
  ),
  rule(
    String.raw`(?:give|write|show|make|get|create)?\s*(?:me\s+)?(?:an?|the)\s+(?:(?:short|brief|quick|concise|one-paragraph)\s+)?(?:summary|overview|outline|gist|synopsis)\s+of\s+(.{2,120}?)[?.!]*$`,
  ),
  rule(
    String.raw`what(?:['’]s| is| are) (?:the )?(?:gist|summary|main (?:points?|ideas?|message)|key (?:points|takeaways|ideas|facts))\s+(?:of|in|from)\s+(.{2,120}?)[?.!]*$`,
  ),
  rule(`what(?:['’]s| is) (.{2,80}?) (?:all )?about[?.!]*$`),
  rule(`what does (.{2,80}?) (?:say|cover|contain|deal with)(?: overall| in general| as a whole)?[?.!]*$`),
]
const compare = [
  rule(String.raw`compare\s+(.{2,100}?)\s+(?:and|with|to|against|versus|vs\.?)\s+(.{2,100}?)[?.!]*$`),
  rule(
    String.raw`(?:what(?:['’]s| is| are)|list|show(?: me)?|tell me|find|explain)\s+(?:all\s+)?(?:the\s+)?(?:main\s+|key\s+)?differences?\s+between\s+(.{2,100}?)\s+and\s+(.{2,100}?)[?.!]*$`,
  ),
  rule(
    String.raw`how (?:do|does|is|are)\s+(.{2,100}?)\s+(?:and|differ from|different from)\s+(.{2,100}?)(?:\s+(?:differ|different|compare))?[?.!]*$`,
  ),
]
const latest = [
  rule(
    String.raw`(?:what|which|show(?: me)?|find|open|give me|get)\b(?:['’]s| is| was| are)?\s*(?:me\s+)?(?:the\s+|my\s+|our\s+)?(?:very )?(?:latest|newest|most recent|last added|most recently \w+)\s+(.{2,80}?)(?:\s+(?:say|state|about|mention|tell me|cover)s?\s+(?:about\s+|on\s+)?(.{2,80}?))?[?.!]*$`,
  ),
  rule(
    String.raw`what (?:does|did|do)\s+(?:the|my|our)\s+(?:latest|newest|most recent)\s+(.{2,60}?)\s+(?:say|state|mention|tell|cover|contain)(?:\s+(?:about|on)\s+(.{2,80}?))?[?.!]*$`,
  ),
  rule(String.raw`(?:what|which)\s+(.{2,60}?)\s+(?:is|was|are)\s+(?:the\s+)?(?:latest|newest|most recent)()[?.!]*$`),
  rule(String.raw`(?:summari[sz]e|sum up)\s+(?:the|my|our)\s+(?:latest|newest|most recent)\s+(.{2,60}?)()[?.!]*$`),
  rule(String.raw`when (?:is|was)\s+(?:the|my|our)\s+(?:latest|newest|most recent|last)\s+(.{2,60}?)()[?.!]*$`),
]
const mentions = [
  rule(
    String.raw`how (?:many times|often) (?:is|are|was|were|does|do|did)\s+(?:the (?:word|term|name|phrase)\s+)?(.{2,80}?)\s+(?:mentioned|named|used|occur|appear|come up|referred to|cited)(?:\s+(?:in|across|throughout)\s+(.{2,80}?))?[?.!]*$`,
  ),
  rule(
    String.raw`(?:count|what is) (?:all |the )?(?:number of )?(?:mentions|occurrences|appearances)\s+of\s+(.{2,80}?)(?:\s+(?:in|across|throughout)\s+(.{2,80}?))?[?.!]*$`,
  ),
]
/** `what` may end in "… in the lease", which is taken off below. */
const count = [
  rule(String.raw`how many\s+(.{2,140}?)[?.!]*$`),
  rule(
    String.raw`(?:count|what(?:['’]s| is) the (?:total )?(?:number|count) of|give me the (?:number|count) of)\s+(?:all |every |the )*(.{2,140}?)[?.!]*$`,
  ),
]
const list = [
  rule(
    String.raw`(?:list|enumerate)\s+(?:me\s+)?(?:all|every|each|the|my|our)?(?:\s+(?:of|the|my|our))*\s*(.{2,140}?)[?.!]*$`,
  ),
  rule(
    String.raw`(?:name|give me|show me|show|tell me|find|what are|which are|what|get|extract)\s+(?:a (?:complete |full )?list of|the (?:complete|full) list of|all|every|each)(?:\s+(?:of|the|my|our|single))*\s+(.{2,140}?)[?.!]*$`,
  ),
  rule(
    String.raw`(?:what|which)\s+(?:are|is)?\s*(?:the\s+)?((?:sections?|chapters?|headings?|table of contents)\b.{0,100}?)[?.!]*$`,
  ),
  rule(String.raw`((?:what|which)\s+(?:of (?:my|the|our)\s+)?(?:documents?|files?|notes?|papers?)\b.{0,120}?)[?.!]*$`),
]

/** Units of measure: "how many grams" asks for an amount that stands in one place. */
const measures =
  /^(?:more |additional |extra )?(?:grams?|g|kg|kilo\w*|milli\w+|ml|cl|litres?|liters?|met(?:re|er)s?|cm|mm|km|miles?|feet|inch(?:es)?|ounces?|pounds?|lbs?|cups?|(?:table|tea)?spoons?|degrees?|percent|watts?|volts?|amps?|bars?|seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|times|euros?|dollars?|cents?|points|calories|people|persons|guests|servings|portions|stars|bytes|[kmgt]b)\b/i
const place =
  /\s+(?:in|from|inside|within|of|on|across|throughout)\s+((?:the|my|our|this|that|these|all|“|")\s*.{1,100}|[\p{L}\p{N}_-]+\.\p{L}{2,5})$/iu
const having =
  /\s+(?:that |which |who )?(?:do |does )?(?:mention(?:s|ing)?|contain(?:s|ing)?|include(?:s)?|name(?:s)?|talk(?:s|ing)? about|refer(?:s|ring)? to|are about|is about|about|concerning|regarding|containing|with the word|say(?:s)? something about)\s+(.{2,100})$/i
const trailing =
  /\s+(?:are|is|were|was)\s+(?:there|listed|named|given|shown|recorded|contained|included|mentioned|stored|described)\b|\s+(?:do|did|does)\s+(?:i|we|you|it)\s+(?:have|own|store|keep|know)\b|\s+(?:there\s+)?(?:are|is) there\b|\s+(?:have i|have we|did i|did we|i have|we have)(?:\s+(?:added|uploaded|stored|saved|indexed|got|add|upload|store|save))?\b|\s+(?:are there|exist)\b/i

/** "rows does the orders table have" */
const owner =
  /^(.{2,60}?)\s+(?:do|does|did)\s+((?:the|my|our|this|that)\s+.{1,80}?)\s+(?:have|contain|include|list|hold|name|show)$/i

/** Null: a question like any other. */
export function recogniseWhole(text: string): WholeQuestion | null {
  const question = text.trim().replace(/\s+/g, " ")
  if (question.length < 6 || question.length > longestQuestion) return null
  // Several questions at once are searched part by part.
  if (/\?\s+\S/.test(question)) return null
  for (const pattern of compare) {
    const match = pattern.exec(question)
    if (match?.[1] && match[2]) return { route: "compare", first: match[1], second: match[2] }
  }
  for (const pattern of latest) {
    const match = pattern.exec(question)
    if (match?.[1]) return { route: "latest", what: match[1], about: match[2] || null }
  }
  for (const pattern of mentions) {
    const match = pattern.exec(question)
    if (match?.[1]) return { route: "mentions", what: match[1], where: match[2] ?? null }
  }
  for (const pattern of count) {
    const what = pattern.exec(question)?.[1]
    if (what && !measures.test(what)) return { route: "count", ...parts(what) }
  }
  for (const pattern of list) {
    const what = pattern.exec(question)?.[1]
    if (what) return { route: "list", ...parts(what.replace(/^(?:what|which)\s+(?:of (?:my|the|our)\s+)?/i, "")) }
  }
  for (const pattern of summary) {
    const subject = pattern.exec(question)?.[1]
    if (subject) return { route: "summary", subject }
  }
  return null
}

/** "orders in the ledger that mention Acme" → orders · the ledger · Acme. */
function parts(text: string): { what: string; where: string | null; having: string | null } {
  let what = text
    .replace(/^(?:all|every|each)\s+(?:of\s+)?(?:the\s+|my\s+|our\s+)?/i, "")
    .replace(trailing, " ")
    .replace(/\s+/g, " ")
    .trim()
  const owned = owner.exec(what)
  if (owned?.[1] && owned[2]) return { what: owned[1], where: owned[2], having: null }
  const held = having.exec(what)
  if (held) what = what.slice(0, held.index)
  const found = place.exec(what)
  if (found) what = what.slice(0, found.index).replace(/\s+(?:are|is|were|was|do|does)$/i, "")
  return { what: what.trim(), where: found?.[1]?.trim() ?? null, having: held?.[1]?.trim() ?? null }
}
