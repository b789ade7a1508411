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
    let start = 0
    let end = 0
    for (const { segment, index } of segmenter.segment(flat)) {
      end = index + segment.length
      const soFar = flat.slice(start, end)
      if (end < flat.length && (abbreviation.test(soFar) || /^\s*\d{1,3}[.)]\s*$/.test(soFar))) continue
      push(spans, text, unit.start + start, unit.start + end)
      start = end
    }
    if (start < flat.length) push(spans, text, unit.start + start, unit.start + flat.length)
  }
  return spans
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
