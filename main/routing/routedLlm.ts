import type { AnswerRoute } from "#contract/backends.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { GenerateEvent, Llm } from "#engines/types.ts"
import type { Circuit } from "./circuit.ts"

/** One place that may answer, the best first. */
export interface Candidate {
  llm: Llm
  route: AnswerRoute
  /** Null: this computer's own model. */
  circuit: Circuit | null
}

/** Asks for what is wrong with the request itself: another server would refuse it too. */
const askedWrongly: ReadonlySet<string> = new Set(["llm.invalid-schema", "backend.unsupported", "backend.no-consent"])

/**
 * The candidates as one model: whoever fails before the first token is followed by the next. After the first token a failure is the
 * answer's: two models never write one answer. `route` and `modelId` are of whoever answers.
 */
export function createRoutedLlm(candidates: readonly [Candidate, ...Candidate[]], clock: Clock): Llm {
  const mayTry = ({ circuit }: Candidate): boolean => circuit?.mayTry() ?? true
  const first = candidates.find(mayTry) ?? candidates[0]
  let current: Candidate =
    first === candidates[0]
      ? first
      : standIn(first, candidates[0], `${candidates[0].route.backend} is resting after failures`)

  /** Runs on the current candidate, and on those after it as they fail. */
  const attempt = async <T>(signal: AbortSignal, run: (llm: Llm) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await run(current.llm)
      } catch (error) {
        if (!follow(error, signal)) throw error
      }
    }
  }
  const follow = (error: unknown, signal: AbortSignal): boolean => {
    if (signal.aborted) return false
    if (error instanceof AppError && askedWrongly.has(error.code)) return false
    current.circuit?.failed(error)
    const rest = candidates.slice(candidates.findIndex(({ llm }) => llm === current.llm) + 1)
    const next = rest.find(mayTry)
    if (!next) return false
    const why = `${current.route.backend} did not answer (${error instanceof AppError ? error.code : "internal"})`
    current = standIn(next, current, why)
    return true
  }

  return {
    get modelId() {
      return current.llm.modelId
    },
    get route() {
      return current.route
    },
    isFallback: false,
    loadState: () => current.llm.loadState(),
    load: (signal) => attempt(signal, (llm) => llm.load(signal)),
    unload: () => current.llm.unload(),
    info: (signal) => attempt(signal, (llm) => llm.info(signal)),
    countTokens: (texts, signal) => attempt(signal, (llm) => llm.countTokens(texts, signal)),
    countPromptTokens: (messages, signal) => attempt(signal, (llm) => llm.countPromptTokens(messages, signal)),
    choose: (messages, options, signal, key) => attempt(signal, (llm) => llm.choose(messages, options, signal, key)),
    async *generate(request, signal): AsyncGenerator<GenerateEvent, void> {
      for (;;) {
        const startedAt = clock.monotonic()
        let hasBegun = false
        try {
          for await (const event of current.llm.generate(request, signal)) {
            if (!hasBegun && event.type !== "prompt-progress") {
              hasBegun = true
              current.circuit?.succeeded(clock.monotonic() - startedAt)
            }
            yield event
          }
          return
        } catch (error) {
          if (hasBegun) {
            if (!signal.aborted) current.circuit?.failed(error)
            throw error
          }
          if (!follow(error, signal)) throw error
        }
      }
    },
  }
}

/** The same candidate, telling for whom it answers. */
const standIn = (next: Candidate, wanted: Candidate, why: string): Candidate => ({
  ...next,
  route: {
    ...next.route,
    reasons: [...new Set([why, ...wanted.route.reasons, ...next.route.reasons])],
    instead: wanted.route.instead ?? { of: wanted.llm.modelId, why: "down" },
  },
})
