import type { z } from "zod"
import type { llmProbe } from "#contract/probe.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import type { Llm } from "#engines/types.ts"
import { withLimit } from "./withLimit.ts"

export type LlmProbe = z.infer<typeof llmProbe>
type BackendProbe = LlmProbe["backends"][string]

/** One place that answers can come from. */
export interface ProbedBackend {
  name: string
  /** Null: not configured, or nothing installed. */
  llm(): Promise<Llm | null>
}

const limitMs = 10_000
const question = "Answer with one word: ready?"
const longestAnswer = 4

/** A short generation on every backend at the same time, ten seconds each at most. Backends that are not configured are not attempted. */
export async function probeBackends(
  backends: readonly ProbedBackend[],
  clock: Clock,
  signal: AbortSignal,
): Promise<LlmProbe> {
  const entries = await Promise.all(
    backends.map(async (backend) => [backend.name, await probe(backend, clock, signal)] as const),
  )
  const attempted = entries.filter(([, result]) => result.attempted)
  return {
    backends: Object.fromEntries(entries),
    all_failed: attempted.length > 0 && attempted.every(([, result]) => !result.ok),
    timestamp: clock.now(),
  }
}

async function probe(backend: ProbedBackend, clock: Clock, signal: AbortSignal): Promise<BackendProbe> {
  const startedAt = clock.monotonic()
  const since = (): number => Math.round(clock.monotonic() - startedAt)
  const failed = (model: string | null, error: unknown): BackendProbe => {
    const { code, message } = errorInfo(error)
    return { attempted: true, ok: false, latency_ms: since(), ttft_ms: null, model, error: { code, message } }
  }
  const attempt = async (inner: AbortSignal): Promise<BackendProbe> => {
    let model: string | null = null
    try {
      const llm = await backend.llm()
      if (!llm) return { attempted: false, ok: false, latency_ms: null, ttft_ms: null, model: null, error: null }
      model = llm.modelId
      let ttft: number | null = null
      const events = llm.generate(
        {
          messages: [{ role: "user", content: question }],
          maxTokens: longestAnswer,
          temperature: 0,
          cacheKey: "probe",
        },
        inner,
      )
      for await (const event of events) if (event.type !== "prompt-progress") ttft ??= since()
      return { attempted: true, ok: true, latency_ms: since(), ttft_ms: ttft, model, error: null }
    } catch (error) {
      return failed(model, error)
    }
  }
  const late = (): BackendProbe =>
    failed(null, new AppError("engine.stalled", `No answer within ${limitMs / 1000} s.`, { remedy: "Try again." }))
  return await withLimit(attempt, limitMs, late, signal)
}
