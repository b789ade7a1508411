import { Trash2 } from "lucide-react"
import { useEffect, useState } from "react"
import type { EvalComparison, EvalRun, EvalStepName } from "#contract/evaluations.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import { api, asApiError } from "../../api/client.ts"
import { IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatTime } from "../../ui/format.ts"
import { toast } from "../frame/frameStore.ts"
import { forgetRun } from "./evaluationStore.ts"
import { RunsPlot } from "./RunsPlot.tsx"
import { strings } from "./strings.ts"

type Detail = RouteOutput<Routes["GET /api/evaluations/:id"]>

const worstShown = 8
const changedShown = 12

/** Runs by dataset, newest first: a plot where a dataset was measured more than once, and each run's table. */
export function Runs({ runs }: { runs: readonly EvalRun[] }) {
  const groups = new Map<string, EvalRun[]>()
  for (const run of runs) groups.set(run.datasetHash, [...(groups.get(run.datasetHash) ?? []), run])
  return (
    <>
      {[...groups].map(([hash, own]) => (
        <section key={hash} className="card stack" aria-label={strings.runsOf(own[0]?.name ?? "")}>
          <h3>{own[0]?.name}</h3>
          {own.length > 1 ? <RunsPlot name={own[0]?.name ?? ""} runs={own.toReversed()} /> : null}
          <div className="evaluation-runs">
            {own.map((run) => (
              <Run key={run.id} run={run} />
            ))}
          </div>
        </section>
      ))}
    </>
  )
}

function Run({ run }: { run: EvalRun }) {
  const [isOpen, setIsOpen] = useState(false)
  const best = run.steps.find(({ name }) => name === "context")
  const forget = async (): Promise<void> => {
    try {
      await forgetRun(run.id)
    } catch (error) {
      toast(asApiError(error).message, { tone: "danger" })
    }
  }
  return (
    <details className="evaluation-run" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <span className="grow numbers">{formatTime(run.createdAt)}</span>
        <span className="faint">{strings.score}</span>
        <span className="numbers">{best ? best.ndcg10.toFixed(3) : "–"}</span>
      </summary>
      <div className="evaluation-detail">
        <p className="soft">
          {strings.facts(run.questions, run.embedder, run.rankingVersion, run.medianMs)}
          <IconButton small label={strings.remove(run.name)} onClick={() => void forget()}>
            <Trash2 size={14} />
          </IconButton>
        </p>
        <StepTable run={run} />
        <p className="faint">{told(run).join(" · ")}</p>
        {isOpen ? <More id={run.id} /> : null}
      </div>
    </details>
  )
}

function told({ judgement, grounded }: EvalRun): string[] {
  return [
    ...(judgement.answerable === null ? [] : [strings.answerable(judgement.answerable)]),
    ...(judgement.unanswerable === null ? [] : [strings.unanswerable(judgement.unanswerable)]),
    ...(grounded === null ? [] : [strings.grounded(grounded)]),
  ]
}

function StepTable({ run }: { run: EvalRun }) {
  const { columns } = strings
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by keyboard
    <section className="evaluation-table" aria-label={columns.step} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {Object.values(columns).map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="numbers">
          {run.steps.map(({ name, ndcg10, mrr10, recall5, recall100, gain }) => (
            <tr key={name}>
              <th scope="row">{strings.steps[name]}</th>
              {[ndcg10, mrr10, recall5, recall100].map((value, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the columns never move
                <td key={at}>{value.toFixed(3)}</td>
              ))}
              <td>{gain ? strings.gain(gain.mean, gain.low, gain.high, strings.steps[gain.over]) : ""}</td>
              <td>{gain ? strings.counts(gain.wins, gain.ties, gain.losses) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** What is only loaded for a run that is opened: the run before, and the questions that did worst. */
function More({ id }: { id: string }) {
  const [detail, setDetail] = useState<Detail | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    api("GET /api/evaluations/:id", { params: { id } }).then(setDetail, setError)
  }, [id])
  if (error) return <Failure error={error} />
  if (!detail) return null
  const { run, comparison } = detail
  const place = run.steps.findIndex(({ name }) => name === "context")
  const worst = [...run.perQuestion]
    .filter(({ ndcg10 }) => (ndcg10[place] ?? 0) < 1)
    .sort((a, b) => (a.ndcg10[place] ?? 0) - (b.ndcg10[place] ?? 0))
    .slice(0, worstShown)
  return (
    <>
      {comparison ? (
        <>
          <h4>{strings.against}</h4>
          <ul className="plain-list numbers evaluation-facts">
            {comparison.steps.map(({ name, mean, low, high, wins, ties, losses }) => (
              <li key={name}>
                {strings.steps[name as EvalStepName]}: {strings.change(mean, low, high)},{" "}
                {strings.counts(wins, ties, losses)}
              </li>
            ))}
          </ul>
          <Changed questions={comparison.changed} />
        </>
      ) : null}
      {worst.length > 0 ? (
        <>
          <h4>{strings.worst}</h4>
          <ul className="plain-list evaluation-facts">
            {worst.map((question) => (
              <li key={question.id}>
                <span className="numbers faint">{strings.notFirst(question.ndcg10[place] ?? 0)}</span> {question.query}
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  )
}

/** Which questions were won and which were lost since the run before. */
function Changed({ questions }: { questions: EvalComparison["changed"] }) {
  if (questions.length === 0) return <p className="faint">{strings.unchanged}</p>
  const groups = [
    [strings.better, questions.filter(({ before, after }) => after > before)],
    [strings.worse, questions.filter(({ before, after }) => after < before)],
  ] as const
  return groups.map(([title, own]) =>
    own.length === 0 ? null : (
      <section key={title} aria-label={title}>
        <h4>{title}</h4>
        <ul className="plain-list evaluation-facts">
          {own.slice(0, changedShown).map(({ id, query, before, after }) => (
            <li key={id}>
              <span className="numbers faint">{strings.from(before, after)}</span> {query}
            </li>
          ))}
        </ul>
      </section>
    ),
  )
}
