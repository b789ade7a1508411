/** A piece of text with its place: `text` equals the source between `start` and `end`. */
export interface Span {
  text: string
  start: number
  end: number
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" })
const abbreviation =
  /(?:^|[\s("'“])(?:mr|mrs|ms|dr|prof|st|no|nos|vs|etc|e\.g|i\.e|cf|approx|ca|incl|excl|max|min|fig|figs|eq|sec|ch|vol|pp?|art|para|inc|ltd|co|corp|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|a\.m|p\.m|u\.s|[a-z])\.\s*$/i
/** A line that stands for itself: list item, table row, heading. */
const ownLine = /^\s*(?:[-*+•]\s|\d{1,3}[.)]\s|#{1,6}\s|\||>\s)/

/**
 * Sentences of a Markdown-like text, trimmed, in order. List items, table rows, headings and blank lines end a sentence; a line
 * break inside a paragraph does not.
 */
export function sentencesOf(text: string): Span[] {
  const spans: Span[] = []
  for (const unit of unitsOf(text)) {
    const flat = unit.text.replace(/[\r\n]/g, " ")
    for (let from = 0; from < flat.length; ) {
      const to = windowEnd(flat, from)
      from += pushSentences(spans, text, unit.start + from, flat.slice(from, to), to === flat.length)
    }
  }
  return spans
}

/** The segmenter's time grows with the square of a text without a sentence end, so it sees this much at once. */
const windowCharacters = 8192

/** Where a window ends: after a word, and never inside a surrogate pair. */
function windowEnd(flat: string, from: number): number {
  const limit = from + windowCharacters
  if (limit >= flat.length) return flat.length
  const space = flat.slice(from, limit).lastIndexOf(" ")
  if (space > windowCharacters / 2) return from + space + 1
  const code = flat.charCodeAt(limit)
  return code >= 0xdc00 && code <= 0xdfff ? limit - 1 : limit
}

/**
 * Adds the sentences of one window, which begins at `offset` of the text. Returns how many characters they take: what may go on
 * behind the window is left to the next one, unless the window holds nothing else.
 */
function pushSentences(spans: Span[], text: string, offset: number, flat: string, isLast: boolean): number {
  let start = 0
  for (const { segment, index } of segmenter.segment(flat)) {
    const end = index + segment.length
    const isOpen = end === flat.length
    if (isOpen && !isLast && start > 0) return start
    const soFar = flat.slice(start, end)
    if (!isOpen && (abbreviation.test(soFar) || /^\s*\d{1,3}[.)]\s*$/.test(soFar))) continue
    push(spans, text, offset + start, offset + end)
    start = end
  }
  return flat.length
}

/** Paragraphs and own lines. */
function unitsOf(text: string): Span[] {
  const units: Span[] = []
  let open: { start: number; end: number } | undefined
  const close = (): void => {
    if (open) units.push({ text: text.slice(open.start, open.end), ...open })
    open = undefined
  }
  for (const line of linesOf(text)) {
    if (line.text.trim() === "") {
      close()
      continue
    }
    if (ownLine.test(line.text) || /^[^:.!?]{1,60}: \S/.test(line.text)) close()
    if (open) open.end = line.end
    else open = { start: line.start, end: line.end }
    if (/^\s*(?:#{1,6}\s|\|)/.test(line.text) || (line.text.includes("; ") && /^[^:.!?]{1,60}: \S/.test(line.text)))
      close()
  }
  close()
  return units
}

/** Lines without their line ends. */
export function linesOf(text: string): Span[] {
  const lines: Span[] = []
  let start = 0
  while (start <= text.length) {
    const found = text.indexOf("\n", start)
    const end = found === -1 ? text.length : found
    lines.push({ text: text.slice(start, end), start, end })
    if (found === -1) break
    start = end + 1
  }
  return lines
}

function push(spans: Span[], text: string, from: number, to: number): void {
  let start = from
  let end = to
  while (start < end && /\s/.test(text[start] as string)) start++
  while (end > start && /\s/.test(text[end - 1] as string)) end--
  if (end > start) spans.push({ text: text.slice(start, end), start, end })
}
