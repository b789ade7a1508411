import { create } from "zustand"
import type { Job } from "#contract/jobs.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

interface JobsState {
  jobs: Record<string, Job>
}

export const useJobs = create<JobsState>(() => ({ jobs: {} }))

export const isActive = (job: Job): boolean => job.status === "queued" || job.status === "running"

export async function loadJobs(): Promise<void> {
  const { items } = await api("GET /api/jobs")
  useJobs.setState({ jobs: Object.fromEntries(items.map((job) => [job.id, job])) })
}

export function followJobs(): () => void {
  return subscribe("jobs", (message) => {
    if (message.type !== "job") return
    useJobs.setState((state) => ({ jobs: { ...state.jobs, [message.job.id]: message.job } }))
  })
}

export async function pauseJob(id: string): Promise<void> {
  keep(await api("POST /api/jobs/:id/pause", { params: { id } }))
}
export async function resumeJob(id: string): Promise<void> {
  keep(await api("POST /api/jobs/:id/resume", { params: { id } }))
}
export async function cancelJob(id: string): Promise<void> {
  await api("DELETE /api/jobs/:id", { params: { id } })
}

const keep = (job: Job): void => useJobs.setState((state) => ({ jobs: { ...state.jobs, [job.id]: job } }))
