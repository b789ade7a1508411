import { useEffect, useRef, useState } from "react"
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
      <p>
        {highlight ? (
          <>
            {text.slice(from, start)}
            <mark ref={mark}>{text.slice(start, end)}</mark>
            {text.slice(end, to)}
          </>
        ) : (
          text.slice(from, to)
        )}
      </p>
      {to < text.length ? (
        <Button small variant="quiet" onClick={() => setTo(Math.min(text.length, to + windowLength))}>
          {strings.source.below}
        </Button>
      ) : null}
    </div>
  )
}
