import { Fragment, type RefObject, useEffect, useMemo, useRef, useState } from "react"
import type { DocumentSource } from "#contract/documents.ts"
import { Button } from "../../ui/Button.tsx"
import { formatClock } from "../../ui/format.ts"
import { pageName } from "./place.ts"
import { strings } from "./strings.ts"
import { type TextBlock, textBlocks } from "./textBlocks.ts"

/** Characters shown on each side of the passage, and added by "show more". */
const windowLength = 6000
/** Dates and amounts of a table stay on one line. */
const longestWhole = 16

interface SourceTextProps {
  source: DocumentSource
  /** Sound: plays from here. Absent: times are shown, not pressed. */
  onSeek?: (ms: number) => void
}

/**
 * A document's text around its highlighted passage: tables as tables, code as it is indented, pages, slides and times beside the text.
 * Nothing in a document is ever markup here.
 */
export function SourceText({ source, onSeek }: SourceTextProps) {
  const { text, highlight, kind, pages, times = [] } = source
  const start = highlight?.start ?? 0
  const end = highlight?.end ?? 0
  const [from, setFrom] = useState(lineStart(text, start - windowLength))
  const [to, setTo] = useState(lineEnd(text, end + windowLength))
  const mark = useRef<HTMLElement>(null)
  useEffect(() => {
    setFrom(lineStart(text, start - windowLength))
    setTo(lineEnd(text, end + windowLength))
    // The text of another passage is in place one frame later.
    const frame = requestAnimationFrame(() => mark.current?.scrollIntoView({ block: "center" }))
    return () => cancelAnimationFrame(frame)
  }, [start, end, text])
  const blocks = useMemo(() => textBlocks(text, from, to, kind === "code"), [text, from, to, kind])
  const pageStarts = useMemo(() => new Map(pages.map(({ page, start: at }) => [at, page])), [pages])
  const timeStarts = useMemo(() => new Map(times.map((time) => [time.start, time])), [times])
  return (
    <div className={`source-text ${kind === "code" ? "is-code" : ""}`}>
      {from > 0 ? (
        <Button small variant="quiet" onClick={() => setFrom(lineStart(text, from - windowLength))}>
          {strings.source.above}
        </Button>
      ) : null}
      {blocks.map((block) => {
        const lineAt = block.kind === "heading" ? text.lastIndexOf("\n", block.start - 1) + 1 : block.start
        const page = pageStarts.get(lineAt)
        const time = timeStarts.get(block.start)
        return (
          <Fragment key={block.start}>
            {page === undefined ? null : <div className="source-page">{pageName(kind, page)}</div>}
            {block.kind === "table" ? (
              <Table block={block} mark={highlight} markRef={mark} />
            ) : (
              <p className={block.kind}>
                {time ? <Time startMs={time.startMs} onSeek={onSeek} /> : null}
                <MarkedLine text={text} start={block.start} end={block.end} mark={highlight} markRef={mark} />
              </p>
            )}
          </Fragment>
        )
      })}
      {to < text.length ? (
        <Button small variant="quiet" onClick={() => setTo(lineEnd(text, to + windowLength))}>
          {strings.source.below}
        </Button>
      ) : null}
    </div>
  )
}

const lineStart = (text: string, at: number): number => (at <= 0 ? 0 : text.lastIndexOf("\n", at) + 1)

function lineEnd(text: string, at: number): number {
  const found = at >= text.length ? -1 : text.indexOf("\n", at)
  return found === -1 ? text.length : found
}

function Time({ startMs, onSeek }: { startMs: number; onSeek: ((ms: number) => void) | undefined }) {
  const label = formatClock(startMs)
  if (!onSeek) return <span className="source-time numbers">{label}</span>
  return (
    <button
      type="button"
      className="source-time numbers"
      aria-label={strings.source.playFrom(label)}
      onClick={() => onSeek(startMs)}
    >
      {label}
    </button>
  )
}

interface TableProps {
  block: Extract<TextBlock, { kind: "table" }>
  mark: { start: number; end: number } | null
  markRef: RefObject<HTMLElement | null>
}

/** Rows of the passage are marked as a whole: a passage holds rows, never parts of them. */
function Table({ block, mark, markRef }: TableProps) {
  const isMarked = (row: { start: number; end: number }): boolean =>
    mark !== null && row.start < mark.end && row.end > mark.start
  const first = block.rows.find(isMarked)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group that scrolls is no set of fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by keyboard
    <div className="source-table scroll" role="group" tabIndex={0} aria-label={strings.source.table}>
      <table>
        {block.header ? (
          <thead>
            <tr>
              {block.header.map((cell) =>
                cell.text === "" ? (
                  <td key={cell.start} />
                ) : (
                  <th key={cell.start} scope="col">
                    {cell.text}
                  </th>
                ),
              )}
            </tr>
          </thead>
        ) : null}
        <tbody>
          {block.rows.map((row) => (
            <tr
              key={row.start}
              className={isMarked(row) ? "marked" : undefined}
              ref={row === first ? (markRef as RefObject<HTMLTableRowElement | null>) : undefined}
            >
              {row.cells.map((cell) => (
                <td key={cell.start} className={cell.text.length <= longestWhole ? "whole" : undefined}>
                  {cell.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
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
