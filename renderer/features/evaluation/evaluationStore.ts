import { create } from "zustand"
import type { EvalRun, PinnedQuestion } from "#contract/evaluations.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

interface EvaluationState {
  runs: EvalRun[]
  pins: PinnedQuestion[]
  isLoaded: boolean
  error: unknown
}

export const useEvaluation = create<EvaluationState>(() => ({ runs: [], pins: [], isLoaded: false, error: null }))

export async function loadEvaluation(): Promise<void> {
  try {
    const [runs, pins] = await Promise.all([api("GET /api/evaluations"), api("GET /api/pinned-questions")])
    useEvaluation.setState({ runs: runs.items, pins: pins.items, isLoaded: true, error: null })
  } catch (error) {
    useEvaluation.setState({ error })
  }
}

/** Loads, and loads again whenever a measurement ends. */
export function followEvaluation(): () => void {
  void loadEvaluation()
  return subscribe("jobs", (message) => {
    if (message.type === "job" && message.job.kind === "evaluate" && message.job.status === "done")
      void loadEvaluation()
  })
}

export async function measure(path: string | null): Promise<void> {
  await api("POST /api/evaluations", { body: path === null ? {} : { path } })
}

export async function pinQuestion(question: string, document: string, passage: string): Promise<void> {
  await api("POST /api/pinned-questions", {
    body: { question, ...(document === "" ? {} : { document }), ...(passage === "" ? {} : { passage }) },
  })
  await loadEvaluation()
}

export async function unpinQuestion(id: string): Promise<void> {
  await api("DELETE /api/pinned-questions/:id", { params: { id } })
  await loadEvaluation()
}

export async function forgetRun(id: string): Promise<void> {
  await api("DELETE /api/evaluations/:id", { params: { id } })
  await loadEvaluation()
}
