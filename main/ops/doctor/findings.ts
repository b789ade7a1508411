import type { DoctorFinding } from "#contract/ops.ts"

/** What a check comes to; `runDoctor` adds the code and the time. */
export type Result = Pick<DoctorFinding, "status" | "message" | "remedy">

export interface Check {
  /** Stable: people and programs look it up. */
  code: string
  limitMs: number
  /** Reads whole models or loads them: left out where an answer is wanted soon. */
  isSlow?: boolean
  run(signal: AbortSignal): Promise<Result>
}

export const ok = (message: string): Result => ({ status: "ok", message, remedy: null })
export const warning = (message: string, remedy: string): Result => ({ status: "warning", message, remedy })
export const error = (message: string, remedy: string): Result => ({ status: "error", message, remedy })
export const notRun = (message: string): Result => ({ status: "not-run", message, remedy: null })

export const minuteMs = 60_000
