import { Gauge, Pin, X } from "lucide-react"
import { type FormEvent, useEffect, useState } from "react"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Progress } from "../../ui/Progress.tsx"
import { succeeds } from "../frame/attempt.ts"
import { cancelJob, isActive, useJobs } from "../frame/jobsStore.ts"
import {
  followEvaluation,
  loadEvaluation,
  measure,
  pinQuestion,
  unpinQuestion,
  useEvaluation,
} from "./evaluationStore.ts"
import { Runs } from "./Runs.tsx"
import { strings } from "./strings.ts"
import "./evaluation.css"

/** Pinned questions, measurements, and what they said. */
export default function EvaluationPage() {
  const { runs, isLoaded, error } = useEvaluation()
  useEffect(() => followEvaluation(), [])
  return (
    <div className="page scroll">
      <header className="page-header evaluation-column">
        <h1 className="grow">{strings.title}</h1>
      </header>
      <div className="page-body evaluation-column evaluation-body">
        <p className="soft">{strings.intro}</p>
        {error ? <Failure error={error} onRetry={() => void loadEvaluation()} /> : null}
        <Pins />
        <Dataset />
        <Measuring />
        <section className="stack" aria-label={strings.runs}>
          <h2>{strings.runs}</h2>
          {isLoaded && runs.length === 0 ? <p className="soft">{strings.noRuns}</p> : <Runs runs={runs} />}
        </section>
      </div>
    </div>
  )
}

function Pins() {
  const pins = useEvaluation((state) => state.pins)
  const [question, setQuestion] = useState("")
  const [document, setDocument] = useState("")
  const [passage, setPassage] = useState("")
  const isReady = question.trim() !== "" && (document.trim() !== "" || passage.trim() !== "")
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!isReady || !(await succeeds(() => pinQuestion(question.trim(), document.trim(), passage.trim())))) return
    setQuestion("")
    setDocument("")
    setPassage("")
  }
  return (
    <section className="card stack" aria-label={strings.pins}>
      <h2>{strings.pins}</h2>
      <p className="soft">{strings.pinsText}</p>
      {pins.length === 0 ? (
        <p className="faint">{strings.noPins}</p>
      ) : (
        <ul className="plain-list evaluation-pins">
          {pins.map(({ id, question: pinned, document: wanted, passage: words }) => (
            <li key={id} className="evaluation-pin">
              <span className="grow">
                {pinned}
                <span className="faint"> → {[wanted, words && `“${words}”`].filter(Boolean).join(", ")}</span>
              </span>
              <IconButton small label={strings.unpin(pinned)} onClick={() => void succeeds(() => unpinQuestion(id))}>
                <X size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <form className="evaluation-form" onSubmit={(event) => void submit(event)}>
        <Field label={strings.question} hint={strings.questionHint} value={question} onChange={setQuestion} wide />
        <Field label={strings.document} hint={strings.documentHint} value={document} onChange={setDocument} />
        <Field label={strings.passage} hint={strings.passageHint} value={passage} onChange={setPassage} />
        <div className="evaluation-actions">
          <Button type="submit" disabled={!isReady}>
            <Pin size={14} aria-hidden />
            {strings.pin}
          </Button>
          <Button disabled={pins.length === 0} onClick={() => void succeeds(() => measure(null))}>
            <Gauge size={14} aria-hidden />
            {strings.measurePins}
          </Button>
        </div>
      </form>
    </section>
  )
}

interface FieldProps {
  label: string
  hint: string
  value: string
  onChange: (value: string) => void
  wide?: boolean
}

function Field({ label, hint, value, onChange, wide = false }: FieldProps) {
  return (
    <label className={wide ? "evaluation-field wide" : "evaluation-field"}>
      <span className="soft">{label}</span>
      <input className="field" placeholder={hint} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  )
}

function Dataset() {
  const [path, setPath] = useState("")
  return (
    <section className="card stack" aria-label={strings.dataset}>
      <h2>{strings.dataset}</h2>
      <p className="soft">{strings.datasetText}</p>
      <form
        className="evaluation-line"
        onSubmit={(event) => {
          event.preventDefault()
          if (path.trim() !== "") void succeeds(() => measure(path.trim()))
        }}
      >
        <input
          className="field grow"
          aria-label={strings.datasetPath}
          placeholder={strings.datasetHint}
          value={path}
          onChange={(event) => setPath(event.target.value)}
        />
        <Button type="submit" disabled={path.trim() === ""}>
          {strings.measure}
        </Button>
      </form>
    </section>
  )
}

function Measuring() {
  const all = useJobs((state) => state.jobs)
  const jobs = Object.values(all).filter((job) => job.kind === "evaluate" && isActive(job))
  return jobs.map((job) => (
    <section key={job.id} className="card evaluation-line" aria-label={job.title}>
      <div className="grow stack evaluation-job">
        <span>
          {job.title} <span className="faint">{strings.measuring(job.current)}</span>
        </span>
        <Progress value={job.progress} label={job.title} />
      </div>
      <Button small onClick={() => void succeeds(() => cancelJob(job.id))}>
        {strings.cancel}
      </Button>
    </section>
  ))
}
