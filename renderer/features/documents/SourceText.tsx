import { type RefObject, useEffect, useRef, useState } from "react"
import type { DocumentSource } from "#contract/documents.ts"
import { Button } from "../../ui/Button.tsx"
import { strings } from "./strings.ts"

/** Characters shown on each side of the passage, and added by "show more". */
const windowLength = 6000

/** A document's text around its highlighted passage. Plain text: nothing in a document is ever markup here. */
export function SourceText({ source }: { source: DocumentSource }) {
  const { text, highlight } = source
  const start = highlight?.start ?? 0
  const end = highlight?.end ?? 0
  const [from, setFrom] = useState(Math.max(0, start - windowLength))
  const [to, setTo] = useState(Math.min(text.length, end + windowLength))
  const mark = useRef<HTMLElement>(null)
  useEffect(() => {
    setFrom(Math.max(0, start - windowLength))
    setTo(Math.min(text.length, end + windowLength))
    // The text of another passage is in place one frame later.
    const frame = requestAnimationFrame(() => mark.current?.scrollIntoView({ block: "center" }))
    return () => cancelAnimationFrame(frame)
  }, [start, end, text])
  return (
    <div className="source-text">
      {from > 0 ? (
        <Button small variant="quiet" onClick={() => setFrom(Math.max(0, from - windowLength))}>
          {strings.source.above}
        </Button>
      ) : null}
      {linesOf(text, from, to).map((line) => (
        <p key={line.start} className={line.kind}>
          <MarkedLine text={text} start={line.start} end={line.end} mark={highlight} markRef={mark} />
        </p>
      ))}
      {to < text.length ? (
        <Button small variant="quiet" onClick={() => setTo(Math.min(text.length, to + windowLength))}>
          {strings.source.below}
        </Button>
      ) : null}
    </div>
  )
}

interface Line {
  kind: "heading" | "cells" | "plain"
  start: number
  end: number
}

/** The lines of a part of the text, without the marks of headings. */
function linesOf(text: string, from: number, to: number): Line[] {
  const lines: Line[] = []
  let start = from
  for (const line of text.slice(from, to).split("\n")) {
    const marks = /^#{1,6} +/.exec(line)?.[0].length ?? 0
    const kind = marks > 0 ? "heading" : line.startsWith("|") ? "cells" : "plain"
    lines.push({ kind, start: start + marks, end: start + line.length })
    start += line.length + 1
  }
  return lines
}

interface MarkedLineProps {
  text: string
  start: number
  end: number
  mark: { start: number; end: number } | null
  markRef: RefObject<HTMLElement | null>
}

function MarkedLine({ text, start, end, mark, markRef }: MarkedLineProps) {
  const from = mark ? Math.max(start, Math.min(end, mark.start)) : end
  const to = mark ? Math.max(from, Math.min(end, mark.end)) : end
  if (from === to) return text.slice(start, end)
  const isFirst = mark !== null && mark.start >= start
  return (
    <>
      {text.slice(start, from)}
      <mark ref={isFirst ? markRef : null}>{text.slice(from, to)}</mark>
      {text.slice(to, end)}
    </>
  )
}
