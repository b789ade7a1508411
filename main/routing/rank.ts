import type { RemoteChoice } from "./backends.ts"
import type { Rules } from "./rules.ts"

/** A place that may answer. */
export interface Option {
  target: string
  /** Null: this computer. */
  remote: RemoteChoice | null
}

/** What is known of a request besides its kind. */
export interface Circumstances {
  domain: string
  /** Server that answered in this chat before, or `in-process`. */
  previousBackend: string | null
  /** How well passages of documents answer it, 0..1. Null: it is no question for documents. */
  confidence: number | null
  wantsTools: boolean
  /** Milliseconds to this computer's first token. Null: not measured. */
  ownFirstTokenMs: number | null
}

export interface Ranked {
  option: Option
  score: number
  /** What moved it, in plain words. */
  notes: string[]
}

/** From here on passages say it so clearly that any model can write it down. */
const clearPassages = 0.7
/** A wait that is longer by this much counts in full. */
const longWaitMs = 4000
const cannotTools = 2
const restsFor = 100

/** Targets in the order of the rules, moved by what is known of each. Best first. */
export function rank(
  options: readonly Option[],
  known: Circumstances,
  rules: Rules,
  bias: (domain: string, target: string) => number,
): Ranked[] {
  const { weights, costs } = rules
  const waitOf = ({ remote }: Option): number | null =>
    remote ? remote.circuit.health().firstTokenMs : known.ownFirstTokenMs
  const waits = options.map(waitOf).filter((wait) => wait !== null)
  const fastest = waits.length > 1 ? Math.min(...waits) : null
  const costOf = ({ target, remote }: Option): number => costs[target] ?? (remote && costs[remote.backend.name]) ?? 0
  const dearest = Math.max(0, ...options.map(costOf))

  const ranked = options.map((option, index): Ranked => {
    const { target, remote } = option
    const notes: string[] = []
    let score = -index
    const move = (by: number, note: string): void => {
      if (Math.abs(by) < 0.01) return
      score += by
      notes.push(note)
    }
    if (remote?.circuit.health().state === "resting") move(-restsFor, `${remote.backend.name} is resting`)
    const learned = bias(known.domain, target)
    move(learned, learned > 0 ? "you liked it for such questions" : "you did not like it for such questions")
    const wait = waitOf(option)
    if (wait !== null && fastest !== null)
      move(
        -weights.speed * Math.min(1, (wait - fastest) / longWaitMs),
        `it takes ${((wait - fastest) / 1000).toFixed(1)} s longer to begin`,
      )
    if (dearest > 0) move((-weights.cost * costOf(option)) / dearest, "it costs money")
    if (known.previousBackend !== null && known.previousBackend === (remote?.backend.name ?? "in-process"))
      move(weights.history, "it answered here before")
    if (known.confidence !== null && known.confidence >= clearPassages && remote === null)
      move(weights.retrieval, "your documents say it clearly")
    if (known.wantsTools && remote?.backend.kind === "edge") move(-cannotTools, "it cannot use tools")
    return { option, score, notes }
  })
  return ranked.sort((left, right) => right.score - left.score)
}
