import { Download } from "lucide-react"
import { useEffect, useState } from "react"
import type { Trace, TraceSpan } from "#contract/traces.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { formatCount, formatDuration } from "../../ui/format.ts"
import { saveText } from "./saveText.ts"
import { strings } from "./strings.ts"

const texts = strings.trace

/** One turn's trace: every stage, and below it what each process did. Nothing where it is no longer kept. */
export function TraceView({ id, fallback }: { id: string; fallback: React.ReactNode }) {
  const [trace, setTrace] = useState<Trace | null>(null)
  useEffect(() => {
    const left = new AbortController()
    setTrace(null)
    api("GET /api/traces/:id", { params: { id }, signal: left.signal })
      .then(setTrace)
      .catch(() => undefined)
    return () => left.abort()
  }, [id])
  if (trace === null) return fallback
  const { budget } = trace
  const save = () =>
    void api("GET /api/traces/export", { query: { id: trace.traceId } }).then((traces) =>
      saveText(JSON.stringify(traces), "application/json", `trace-${trace.traceId}.json`),
    )
  return (
    <section className="stack" style={{ gap: 12 }} aria-label={texts.title}>
      <Spans trace={trace} />
      <dl className="turn-facts">
        {budget.contextLimit !== null && budget.contextTokens !== null ? (
          <div>
            <dt>{texts.window}</dt>
            <dd className="numbers">
              {texts.ofWindow(formatCount(budget.contextTokens), formatCount(budget.contextLimit))}
            </dd>
          </div>
        ) : null}
        <div>
          <dt>{texts.traceId}</dt>
          <dd>
            <code className="trace-id">{trace.traceId}</code>
          </dd>
        </div>
        {trace.requestId === null ? null : (
          <div>
            <dt>{texts.request}</dt>
            <dd>
              <code className="trace-id">{trace.requestId}</code>
            </dd>
          </div>
        )}
      </dl>
      <div>
        <Button small onClick={save}>
          <Download size={14} aria-hidden /> {texts.save}
        </Button>
      </div>
    </section>
  )
}

function Spans({ trace }: { trace: Trace }) {
  const total = Math.max(1, trace.durationMs)
  return (
    <table className="waterfall trace">
      <caption className="visually-hidden">{texts.title}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{texts.step}</th>
          <td>{texts.when}</td>
          <th scope="col">{texts.took}</th>
        </tr>
      </thead>
      <tbody>
        {inOrder(trace.spans).map(({ span, depth }) => (
          <tr key={span.spanId} className={span.status === "error" ? "failed" : ""}>
            <th scope="row" style={{ paddingLeft: depth * 10 }} title={span.name}>
              {nameOf(span)}
              {span.process === "core" ? null : <span className="faint"> {span.process}</span>}
            </th>
            <td className="waterfall-bar" aria-hidden>
              <span
                className={span.kind}
                style={{
                  left: `${(span.startMs / total) * 100}%`,
                  width: `${Math.max(0.8, ((span.endMs - span.startMs) / total) * 100)}%`,
                }}
              />
            </td>
            <td className="numbers" title={texts.share(Math.round(((span.endMs - span.startMs) / total) * 100))}>
              {formatDuration(span.endMs - span.startMs)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Stages by the words the window has for them; the turn itself and requests by their own. */
function nameOf(span: TraceSpan): string {
  if (span.stage !== null) return strings.waterfall[span.stage] ?? span.stage
  if (span.parentSpanId === null) return texts.whole
  if (span.kind === "server") return texts.inside
  if (span.kind === "client") return texts.asked(String(span.attributes["rpc.method"] ?? span.name))
  return texts.groups[span.name.split(" ")[0] ?? ""] ?? span.name
}

/** Children below their parents, each by when it began. */
function inOrder(spans: readonly TraceSpan[]): { span: TraceSpan; depth: number }[] {
  const below = (parent: string | null, depth: number): { span: TraceSpan; depth: number }[] =>
    spans
      .filter((span) => span.parentSpanId === parent)
      .sort((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [{ span, depth }, ...below(span.spanId, depth + 1)])
  return below(null, 0)
}
