import { dot } from "#core/dot.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { Rules } from "./rules.ts"

export interface ExamplesDeps {
  /** Null: no embedder is installed. */
  embedder(): Promise<Embedder | null>
  log: Logger
}

/** How much a request reads like the examples of each kind, by meaning. */
export interface Examples {
  /** Per domain; they add up to 1. Null: the rules have no examples of two kinds, there is no embedder, or it takes too long this time. */
  shares(rules: Rules, text: string): Promise<ReadonlyMap<string, number> | null>
}

/** Whoever asks waits no longer than this for a vector, in milliseconds; the rules alone decide then. */
const patienceMs = 12
/** Makes small differences of similarity count; chosen on the examples themselves. */
const sharpness = 20
const mostRemembered = 64
const signal = new AbortController().signal

export function createExamples({ embedder, log }: ExamplesDeps): Examples {
  const centres = new WeakMap<Rules, Map<string, Promise<ReadonlyMap<string, Float32Array> | null>>>()
  const vectors = new Map<string, Promise<Float32Array | null>>()

  const centresOf = (rules: Rules, model: Embedder): Promise<ReadonlyMap<string, Float32Array> | null> => {
    const byModel = centres.get(rules) ?? new Map()
    centres.set(rules, byModel)
    const known = byModel.get(model.fingerprint)
    if (known) return known
    const made = embedCentres(rules, model).catch((error: unknown) => {
      byModel.delete(model.fingerprint)
      log.warn("the examples of the routing rules could not be embedded", { error })
      return null
    })
    byModel.set(model.fingerprint, made)
    return made
  }
  const vectorOf = (text: string, model: Embedder): Promise<Float32Array | null> => {
    const key = `${model.fingerprint} ${text}`
    const known = vectors.get(key)
    if (known) return known
    const made = model.embed([text], "query", signal).then(
      ([vector]) => vector ?? null,
      () => {
        vectors.delete(key)
        return null
      },
    )
    vectors.set(key, made)
    const [oldest] = vectors.keys()
    if (vectors.size > mostRemembered && oldest !== undefined) vectors.delete(oldest)
    return made
  }
  const compare = async (rules: Rules, text: string): Promise<ReadonlyMap<string, number> | null> => {
    const model = await embedder()
    if (!model) return null
    const [known, vector] = await Promise.all([centresOf(rules, model), vectorOf(text, model)])
    if (!known || !vector) return null
    const likeness = [...known].map(([name, centre]) => [name, Math.exp(sharpness * dot(centre, vector))] as const)
    const sum = likeness.reduce((total, [, value]) => total + value, 0)
    return new Map(likeness.map(([name, value]) => [name, value / sum]))
  }

  return {
    async shares(rules, text) {
      if (Object.values(rules.domains).filter(({ examples }) => examples.length > 0).length < 2) return null
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(resolve, patienceMs, null)
      })
      try {
        return await Promise.race([compare(rules, text), late])
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** The mean direction of each domain's examples. */
async function embedCentres(rules: Rules, model: Embedder): Promise<ReadonlyMap<string, Float32Array>> {
  const named = Object.entries(rules.domains).filter(([, { examples }]) => examples.length > 0)
  const texts = named.flatMap(([, { examples }]) => examples)
  const vectors = await model.embed(texts, "query", signal)
  let at = 0
  return new Map(
    named.map(([name, { examples }]) => {
      const own = vectors.slice(at, at + examples.length)
      at += examples.length
      const sum = new Float32Array(model.dimensions)
      for (const vector of own) for (const [index, value] of vector.entries()) sum[index] = (sum[index] ?? 0) + value
      const length = Math.sqrt(dot(sum, sum)) || 1
      return [name, sum.map((value) => value / length)]
    }),
  )
}
