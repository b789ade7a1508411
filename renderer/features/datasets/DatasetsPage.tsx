import { useEffect } from "react"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { Progress } from "../../ui/Progress.tsx"
import { succeeds } from "../frame/attempt.ts"
import { cancelJob, isActive, useJobs } from "../frame/jobsStore.ts"
import { DatasetVersion } from "./DatasetVersion.tsx"
import { followDatasets, loadDatasets, useDatasets } from "./datasetsStore.ts"
import { RecipeForm } from "./RecipeForm.tsx"
import { strings } from "./strings.ts"
import "./datasets.css"

/** Datasets from what is one's own: making them, their versions, and what changed from one to the next. */
export default function DatasetsPage() {
  const { items, isLoaded, error } = useDatasets()
  useEffect(() => followDatasets(), [])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the page scrolls by keyboard
    <div className="page scroll" tabIndex={0}>
      <header className="page-header datasets-column">
        <h1 className="grow">{strings.title}</h1>
      </header>
      <div className="page-body datasets-column datasets-body">
        <p className="soft">{strings.intro}</p>
        <RecipeForm />
        <Making />
        <section className="stack" aria-label={strings.versions}>
          <h2>{strings.versions}</h2>
          {error ? <Failure error={error} onRetry={() => void loadDatasets()} /> : null}
          {isLoaded && !error && items.length === 0 ? <p className="soft">{strings.none}</p> : null}
          {items.map((manifest) => (
            <DatasetVersion
              key={manifest.id}
              manifest={manifest}
              others={items.filter(({ id, dataset }) => id !== manifest.id && dataset === manifest.dataset)}
            />
          ))}
        </section>
      </div>
    </div>
  )
}

/** What is being made, and the last one that failed. */
function Making() {
  const all = useJobs((state) => state.jobs)
  const jobs = Object.values(all)
    .filter((job) => job.kind === "dataset")
    .sort((a, b) => b.createdAt - a.createdAt)
  const [latest] = jobs
  return (
    <>
      {jobs.filter(isActive).map((job) => (
        <section key={job.id} className="card row" aria-label={job.title}>
          <div className="grow stack datasets-job">
            <span className="datasets-words">
              {job.title} <span className="faint">{strings.making(job.current)}</span>
            </span>
            <Progress value={job.progress} label={job.title} />
          </div>
          <Button small onClick={() => void succeeds(() => cancelJob(job.id))}>
            {strings.cancel}
          </Button>
        </section>
      ))}
      {latest?.status === "failed" ? (
        <Notice
          tone="danger"
          title={`${strings.failed(latest.title)}: ${latest.error?.message ?? ""}`}
          remedy={latest.error?.remedy}
        />
      ) : null}
    </>
  )
}
