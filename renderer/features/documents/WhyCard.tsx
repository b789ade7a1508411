import { Check, CircleSlash, Minus, TriangleAlert } from "lucide-react"
import { useId, useState } from "react"
import type { WhyReport } from "#contract/why.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { openPanel } from "../frame/frameStore.ts"
import { whyStrings as strings } from "./whyStrings.ts"

const icons = { ok: Check, warning: TriangleAlert, failed: CircleSlash, skipped: Minus } as const

/** Asks the core to follow this document through a question, and shows every step and what to do. */
export function WhyCard({ documentId, question: initial = "" }: { documentId: string; question?: string }) {
  const [question, setQuestion] = useState(initial)
  const [report, setReport] = useState<WhyReport | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isAsking, setIsAsking] = useState(false)
  const title = useId()
  const ask = async (): Promise<void> => {
    setIsAsking(true)
    setError(null)
    try {
      setReport(
        await api("POST /api/documents/:id/why", { params: { id: documentId }, body: { question: question.trim() } }),
      )
    } catch (reason) {
      setReport(null)
      setError(reason)
    } finally {
      setIsAsking(false)
    }
  }
  return (
    <section className="why" aria-labelledby={title}>
      <h3 id={title}>{strings.title}</h3>
      <form
        className="why-ask"
        onSubmit={(event) => {
          event.preventDefault()
          if (question.trim() !== "") void ask()
        }}
      >
        <input
          className="field grow"
          aria-label={strings.question}
          placeholder={strings.placeholder}
          maxLength={8000}
          value={question}
          onChange={(event) => setQuestion(event.target.value)}
        />
        <Button type="submit" disabled={question.trim() === "" || isAsking} aria-busy={isAsking}>
          {strings.ask}
        </Button>
      </form>
      {error ? <Failure error={error} /> : null}
      <div aria-live="polite">{report ? <Report report={report} /> : null}</div>
    </section>
  )
}

function Report({ report }: { report: WhyReport }) {
  const { outcome, summary, fix, steps, best, winners } = report
  return (
    <div className="why-report">
      <p className={`why-summary ${outcome === "used" ? "used" : "unused"}`}>{summary}</p>
      {fix ? (
        <p>
          <strong>{strings.fix}</strong> {fix}
        </p>
      ) : null}
      <ol className="plain-list why-steps">
        {steps.map(({ name, status, detail }) => {
          const Icon = icons[status]
          return (
            <li key={name} className={status}>
              <Icon size={14} aria-label={strings.status[status]} />
              <span className="why-step">{strings.steps[name]}</span>
              <span className="soft">{detail}</span>
            </li>
          )
        })}
      </ol>
      {best ? (
        <blockquote className="source-quote">
          <p>{best.text.length > 280 ? `${best.text.slice(0, 280)}…` : best.text}</p>
          <footer className="faint numbers">{strings.ranks(best)}</footer>
        </blockquote>
      ) : null}
      {outcome !== "used" && winners.length > 0 ? (
        <>
          <h4>{strings.winners}</h4>
          <ul className="plain-list why-winners">
            {winners.map((winner) => (
              <li key={winner.textPreview}>
                <button
                  type="button"
                  className="why-winner"
                  onClick={() => openPanel({ kind: "document", documentId: winner.documentId })}
                >
                  {winner.title}
                </button>
                <span className="soft">{winner.textPreview}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </div>
  )
}
