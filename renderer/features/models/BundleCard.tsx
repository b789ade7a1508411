import { Check, Download } from "lucide-react"
import { useState } from "react"
import type { Model } from "#contract/models.ts"
import { Button } from "../../ui/Button.tsx"
import { formatBytes, formatRemaining } from "../../ui/format.ts"
import { toastFailure } from "../frame/attempt.ts"
import { isActive, pauseJob, resumeJob, useJobs } from "../frame/jobsStore.ts"
import { JobProgress } from "./JobProgress.tsx"
import { pullBundle, useModels } from "./modelsStore.ts"
import { strings } from "./strings.ts"
import "./models.css"

/** What is recommended for this machine, what is missing, and one button for it. */
export function BundleCard() {
  const bundle = useModels((state) => state.bundle)
  const jobs = useJobs((state) => state.jobs)
  const [isStarting, setIsStarting] = useState(false)
  if (!bundle) return null
  const pulls = bundle.models
    .map((model) => (model.jobId ? jobs[model.jobId] : undefined))
    .filter((job) => job !== undefined)
  const running = pulls.filter(isActive)
  const paused = pulls.filter((job) => job.status === "paused")
  const waiting = bundle.models.filter((model) => model.status === "available" || model.status === "corrupt")
  const waitingBytes = waiting.reduce((sum, model) => sum + model.sizeBytes, 0)
  const remainingMs = Math.max(0, ...running.map((job) => job.remainingMs ?? 0))
  const start = async () => {
    setIsStarting(true)
    try {
      await pullBundle()
    } catch (error) {
      toastFailure(error)
    } finally {
      setIsStarting(false)
    }
  }
  return (
    <section className="card bundle" aria-label={strings.bundle}>
      <div className="bundle-head">
        <div className="grow stack" style={{ gap: 2 }}>
          <h2>{strings.bundle}</h2>
          <p className="soft">{bundle.reason}</p>
        </div>
        {running.length > 0 ? (
          <>
            {remainingMs > 0 ? <span className="soft numbers">{formatRemaining(remainingMs)}</span> : null}
            <Button onClick={() => running.forEach((job) => void pauseJob(job.id))}>{strings.pauseAll}</Button>
          </>
        ) : paused.length > 0 ? (
          <Button variant="primary" onClick={() => paused.forEach((job) => void resumeJob(job.id))}>
            {strings.resumeAll}
          </Button>
        ) : null}
        {waiting.length > 0 ? (
          <Button variant="primary" disabled={isStarting || bundle.isOffline} onClick={() => void start()}>
            <Download size={15} aria-hidden />
            {strings.pull(formatBytes(waitingBytes))}
          </Button>
        ) : null}
      </div>
      {bundle.isComplete ? (
        <details className="bundle-parts">
          <summary>{strings.bundleComplete}</summary>
          <Parts models={bundle.models} />
        </details>
      ) : (
        <>
          <Parts models={bundle.models} />
          <p className="faint">{strings.bundleHint}</p>
        </>
      )}
    </section>
  )
}

function Parts({ models }: { models: readonly Model[] }) {
  return (
    <ul className="plain-list bundle-list">
      {models.map((model) => (
        <BundleEntry key={model.id} model={model} />
      ))}
    </ul>
  )
}

function BundleEntry({ model }: { model: Model }) {
  const job = useJobs((state) => (model.jobId ? (state.jobs[model.jobId] ?? null) : null))
  const isInstalled = model.status === "installed"
  return (
    <li className="bundle-entry">
      <span className={`bundle-check ${isInstalled ? "done" : ""}`} aria-hidden>
        {isInstalled ? <Check size={12} /> : null}
      </span>
      <span className="bundle-role faint">{strings.roles[model.role].title}</span>
      <span className="truncate grow">{model.name}</span>
      <span className="faint truncate bundle-licence">{model.licence}</span>
      <span className="numbers soft bundle-size">{formatBytes(model.sizeBytes)}</span>
      <span className="bundle-status soft">{strings.status[model.status]}</span>
      {job && !isInstalled ? <JobProgress job={job} /> : null}
    </li>
  )
}
