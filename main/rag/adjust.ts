import { type QueryTerms, queryTerms } from "./queryTerms.ts"
import { createWordReader, foldWord, isStopWord, type Word, wordsOf } from "./words.ts"

/** One reason to move a passage after learned ranking. `value` is what it adds to the score. */
export interface Adjustment {
  /** `part`: the passage was found for a part of the question; it adds nothing and keeps its place. `cross-encoder`: see `rerank.ts`. */
  name: "conversation" | "persona" | "memory" | "recency" | "diversity" | "part" | "cross-encoder"
  value: number
  /** For the person: a short sentence. */
  reason: string
}

/** What is known beyond question and passage. Everything is optional: what is absent adjusts nothing. */
export interface RankingContext {
  /** Earlier questions of the conversation, oldest first. */
  history?: readonly string[]
  persona?: { name: string; description: string } | null
  /** Remembered facts that belong to the question. `weight` 0..1. */
  memories?: readonly { text: string; weight: number }[]
}

export interface Adjustable {
  documentId: string
  title: string
  text: string
  /** After learned ranking. */
  score: number
  /** 0..1, the feature. */
  recency: number
}

/** All adjustments of a passage together move it by at most this share of the range of scores. */
export const adjustmentLimit = 0.15

/** Shares of the range that one reason may add. */
const share = { conversation: 0.06, persona: 0.02, memory: 0.06, recency: 0.1, diversity: 0.03 }
const asksForNewest =
  /\b(?:latest|newest|most recent|recently|current|currently|up[- ]to[- ]date|nowadays|at present)\b/i
const asksForOldest = /\b(?:oldest|earliest|first version|originally)\b/i

/**
 * Adjustments of each candidate, in order; candidates come best first. Sums are scaled down to `adjustmentLimit` of the range between
 * the best and the worst score, so context settles close calls and never overturns a clear ranking.
 */
export function adjust(query: string, candidates: readonly Adjustable[], context: RankingContext): Adjustment[][] {
  const scores = candidates.map((candidate) => candidate.score)
  const range = candidates.length < 2 ? 0 : Math.max(...scores) - Math.min(...scores)
  if (range === 0) return candidates.map(() => [])
  const read = createWordReader()
  const asked = queryTerms(query)
  const entities = entitiesOf(context.history ?? [], asked)
  const persona = context.persona ? contentStems(`${context.persona.name} ${context.persona.description}`) : new Set()
  const memories = (context.memories ?? []).map(({ text, weight }) => ({
    text,
    weight: Math.min(1, Math.max(0, weight)),
    stems: [...contentStems(text)].filter((stem) => !asked.terms.some((term) => term.stem === stem)),
  }))
  const direction = asksForNewest.test(query) ? 1 : asksForOldest.test(query) ? -1 : 0
  const needsWords = entities.size + persona.size + memories.length > 0
  const perDocument = new Map<string, number>()
  return candidates.map((candidate) => {
    const stems = new Set(needsWords ? read(`${candidate.title}\n${candidate.text}`).map((word) => word.stem) : [])
    const found: Adjustment[] = []
    const add = (name: Adjustment["name"], amount: number, reason: string): void => {
      if (amount !== 0) found.push({ name, value: amount * range, reason })
    }
    const named = [...entities].filter(([stem]) => stems.has(stem)).map(([, word]) => word)
    if (named.length > 0) {
      const reason = `You spoke about ${listed(named)} before.`
      add("conversation", share.conversation * (named.length / Math.max(2, entities.size)), reason)
    }
    const shared = [...persona].filter((stem) => stems.has(stem as string)).length
    if (shared > 0 && context.persona) {
      add("persona", (share.persona * shared) / persona.size, `Close to what ${context.persona.name} is for.`)
    }
    const memory = bestMemory(memories, stems)
    if (memory) add("memory", share.memory * memory.amount, `You asked to remember: “${shortened(memory.text)}”`)
    if (direction !== 0) {
      const amount = share.recency * direction * (2 * candidate.recency - 1)
      add("recency", amount, direction > 0 ? "You asked for the newest." : "You asked for the oldest.")
    }
    const earlier = perDocument.get(candidate.documentId) ?? 0
    perDocument.set(candidate.documentId, earlier + 1)
    if (earlier >= 2) {
      const reason = `${earlier} better passages come from the same document.`
      add("diversity", -share.diversity * Math.min(2, earlier - 1), reason)
    }
    return bounded(found, adjustmentLimit * range)
  })
}

function bounded(adjustments: readonly Adjustment[], limit: number): Adjustment[] {
  const sum = adjustments.reduce((total, { value }) => total + value, 0)
  const scale = Math.abs(sum) > limit ? limit / Math.abs(sum) : 1
  return adjustments.map((adjustment) => ({ ...adjustment, value: adjustment.value * scale }))
}

/** Names of the last questions that this one does not repeat: stem → as written. */
function entitiesOf(history: readonly string[], asked: QueryTerms): Map<string, string> {
  const known = new Set(asked.terms.map((term) => term.stem))
  const entities = new Map<string, string>()
  for (const question of history.slice(-3)) {
    for (const [index, { word, stem, start, end }] of wordsOf(question).entries()) {
      const written = question.slice(start, end)
      const isName = index > 0 && /^\p{Lu}/u.test(written) && !isStopWord(word)
      if ((isName || isCode(word)) && !known.has(stem)) entities.set(stem, written)
    }
  }
  return entities
}

const isCode = (word: string): boolean => /\p{L}/u.test(word) && /\d/.test(word)

const contentStems = (text: string): Set<string> =>
  new Set(
    wordsOf(text)
      .filter(({ word }: Word) => !isStopWord(foldWord(word)) && word.length > 2)
      .map((word) => word.stem),
  )

function bestMemory(
  memories: readonly { text: string; weight: number; stems: string[] }[],
  stems: ReadonlySet<string>,
): { text: string; amount: number } | null {
  let best: { text: string; amount: number } | null = null
  for (const memory of memories) {
    if (memory.stems.length === 0) continue
    const amount = (memory.weight * memory.stems.filter((stem) => stems.has(stem)).length) / memory.stems.length
    if (amount > (best?.amount ?? 0)) best = { text: memory.text, amount }
  }
  return best
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
