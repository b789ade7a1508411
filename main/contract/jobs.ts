import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Long work: an ingest or a model download. Survives a restart: what was `running` resumes. */
export const job = z.object({
  id,
  kind: z.enum(["ingest", "reindex", "model-pull", "model-verify", "evaluate", "dataset"]),
  /** In words: a folder's or model's name. */
  title: z.string(),
  status: z.enum(["queued", "running", "paused", "done", "failed", "cancelled"]),
  /** 0..1. Null while the size is unknown. */
  progress: z.number().min(0).max(1).nullable(),
  done: z.number(),
  total: z.number().nullable(),
  unit: z.enum(["bytes", "files", "passages", "questions", "rows"]),
  ratePerSecond: z.number().nullable(),
  remainingMs: z.number().nullable(),
  /** Ingest, while it runs: what is made and read per second. Null until it is known. */
  speed: z.object({ passagesPerSecond: z.number(), bytesPerSecond: z.number() }).nullable().optional(),
  /** What is being worked on right now. */
  current: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() }).nullable(),
  /** Model pull: catalog id. Ingest: collection id. */
  subjectId: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
})
export type Job = z.infer<typeof job>

const params = z.strictObject({ id })

export const jobRoutes = {
  "GET /api/jobs": {
    summary: "Jobs that run, wait or ended in the last day.",
    scope: "chat",
    output: z.object({ items: z.array(job) }),
  },
  "GET /api/jobs/:id": { summary: "One job.", scope: "chat", params, output: job, errors: ["job.not-found"] },
  "GET /api/jobs/:id/events": {
    summary: "Progress of a job until it ends.",
    scope: "chat",
    params,
    stream: job,
    errors: ["job.not-found"],
  },
  "POST /api/jobs/:id/pause": {
    summary: "Pause.",
    scope: "chat",
    params,
    output: job,
    errors: ["job.not-found", "request.conflict"],
  },
  "POST /api/jobs/:id/resume": {
    summary: "Resume, or try a failed job again.",
    scope: "chat",
    params,
    output: job,
    errors: ["job.not-found", "request.conflict"],
  },
  "DELETE /api/jobs/:id": {
    summary: "Cancel. What was finished stays.",
    scope: "chat",
    params,
    output: ok,
    errors: ["job.not-found"],
  },
} as const satisfies RouteTable
