import type { GenerateEvent } from "../types.ts"

/**
 * Shortest time between two text events. Every event costs work in three processes, on the cores the model computes on; twenty a
 * second read as fluently as more.
 */
const intervalMs = 50

/** Passes events on, text in pieces: the first at once, then what came within `intervalMs` of the last piece together with what follows. */
export interface TextMerger {
  emit(event: GenerateEvent): void
  /** Passes on what is held. Nothing is held longer than until the next token, the next event of another kind, or this. */
  flush(): void
}

export function createTextMerger(
  emit: (event: GenerateEvent) => void,
  now: () => number = () => performance.now(),
): TextMerger {
  let held: Extract<GenerateEvent, { type: "text" | "reasoning" }> | undefined
  let lastAt = Number.NEGATIVE_INFINITY

  const flush = (): void => {
    if (!held) return
    const event = held
    held = undefined
    lastAt = now()
    emit(event)
  }

  return {
    emit(event) {
      if (event.type !== "text" && event.type !== "reasoning") {
        flush()
        emit(event)
        return
      }
      if (held?.type !== event.type) flush()
      held = held ? joined(held, event) : event
      if (now() - lastAt >= intervalMs) flush()
    },
    flush,
  }
}

function joined<T extends Extract<GenerateEvent, { type: "text" | "reasoning" }>>(first: T, next: T): T {
  const text = first.text + next.text
  if (first.type !== "text" || next.type !== "text") return { ...first, text }
  const logprobs = [...(first.logprobs ?? []), ...(next.logprobs ?? [])]
  return { ...first, text, ...(logprobs.length > 0 ? { logprobs } : {}) }
}
