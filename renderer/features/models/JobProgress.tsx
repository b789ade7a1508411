import { Pause, Play, X } from "lucide-react"
import type { Job } from "#contract/jobs.ts"
import { asApiError } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { formatBytes, formatRemaining } from "../../ui/format.ts"
import { Progress } from "../../ui/Progress.tsx"
import { toast } from "../frame/frameStore.ts"
import { cancelJob, isActive, pauseJob, resumeJob } from "../frame/jobsStore.ts"
import { strings } from "./strings.ts"

/** One download: how far, how fast, how long; pause, go on, cancel. */
export function JobProgress({ job }: { job: Job }) {
  if (job.status === "done" || job.status === "cancelled") return null
  const state = job.status === "failed" ? "failed" : job.status === "paused" ? "paused" : "running"
  const attempt = (action: Promise<void>) =>
    void action.catch((error: unknown) => toast(asApiError(error).message, { tone: "danger" }))
  const parts = [
    job.current,
    job.total === null ? formatBytes(job.done) : `${formatBytes(job.done)} of ${formatBytes(job.total)}`,
    job.ratePerSecond === null ? null : strings.rate(formatBytes(job.ratePerSecond)),
    job.remainingMs === null ? null : formatRemaining(job.remainingMs),
  ].filter((part) => part !== null)
  return (
    <div className="job">
      <Progress label={job.title} value={job.progress} state={state} />
      <div className="row">
        <span className="grow faint numbers job-facts">
          {job.error ? (
            <span className="job-error" role="alert">
              {job.error.message} <span className="soft">{job.error.remedy}</span>
            </span>
          ) : (
            parts.join(" · ")
          )}
        </span>
        {job.status === "failed" ? (
          <Button small onClick={() => attempt(resumeJob(job.id))}>
            {strings.retry}
          </Button>
        ) : job.status === "paused" ? (
          <IconButton small label={strings.resume} onClick={() => attempt(resumeJob(job.id))}>
            <Play size={14} />
          </IconButton>
        ) : isActive(job) ? (
          <IconButton small label={strings.pause} onClick={() => attempt(pauseJob(job.id))}>
            <Pause size={14} />
          </IconButton>
        ) : null}
        <IconButton small label={strings.cancel} onClick={() => attempt(cancelJob(job.id))}>
          <X size={14} />
        </IconButton>
      </div>
    </div>
  )
}
