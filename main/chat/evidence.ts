import type { Passage } from "#contract/turns.ts"
import type { ScoredSentence } from "#rag/bestSentence.ts"
import { coverageOfStems, type TermWeights, weightsOfPart } from "#rag/relevance.ts"
import { type Span, sentencesOf } from "#rag/sentences.ts"
import { stemsOf } from "#rag/words.ts"
import { instructionsAmong, neutralise } from "./neutralise.ts"

export interface EvidenceInput {
  passages: readonly Passage[]
  /** Best first. */
  sentences: readonly ScoredSentence[]
  weights: TermWeights
  /** The question's parts: the best sentence for each comes first. */
  parts: readonly string[]
  /** Characters of all excerpts together. */
  room: number
  /** Fills the room with whatever is next, however far off: for a question that uses other words than the documents. Default false. */
  isWide?: boolean
  /** The sentences' order goes by meaning: the words they share with the question say little. Default false. */
  isByMeaning?: boolean
}

interface Unit extends Span {
  index: number
  passage: Passage
  stems: Set<string>
  isRow: boolean
  isLeft: boolean
}

/** What a sentence gains for words of the question that nothing chosen so far has: questions that need two passages get both. */
const noveltyWeight = 0.45
const noveltyByMeaning = 0.1
/** A row must have this share of what the best row has of a part's words. */
const rowShare = 0.85
/** A sentence must come this near the first one: what is further off only distracts. */
const fillShare = 0.3
const fillByMeaning = 0.8
const refersBack =
  /^(?:[-*•]\s*)?(?:it|its|they|these|this|that|those|he|she|if not|otherwise|however|but|in that case|the same)\b/i

/**
 * The parts of the passages that matter for the question, as passages with a shorter text: the best sentences with their
 * neighbours, so that a prompt is read in a second or two instead of ten. Sentences that address the program are left out.
 */
export function selectEvidence({
  passages,
  sentences,
  weights,
  parts,
  room,
  isWide = false,
  isByMeaning = false,
}: EvidenceInput): Passage[] {
  const units = withoutRepeats(passages.flatMap(unitsOf))
  const scores = new Map(sentences.map((sentence) => [`${sentence.citation}:${sentence.start}`, sentence.score]))
  const scoreOf = (unit: Unit): number =>
    scores.get(`${unit.passage.n}:${unit.start}`) ?? 0.5 * coverageOfStems(weights, unit.stems)
  const chosen = new Set<Unit>()
  const known = new Set<string>()
  let left = room
  const take = (unit: Unit | undefined): boolean => {
    if (!unit || unit.isLeft || chosen.has(unit)) return false
    // The first is shown whatever the room.
    if (unit.text.length > left && chosen.size > 0) return false
    chosen.add(unit)
    left -= unit.text.length
    for (const stem of unit.stems) known.add(stem)
    return true
  }
  // Of a table only the rows that say most about some part: the others are figures of something else.
  const partWeights = parts.map((part) => weightsOfPart(part, weights))
  const rows = units.filter((unit) => unit.isRow)
  const kept = new Set(
    partWeights.flatMap((own) => {
      const values = rows.map((row) => coverageOfStems(own, stemsOf(row.text)))
      const floor = rowShare * Math.max(0, ...values)
      return rows.filter((_, index) => (values[index] ?? 0) >= floor)
    }),
  )
  for (const row of rows) if (!kept.has(row)) row.isLeft = true
  const open = units.filter((unit) => !unit.isLeft)
  let firstValue = 0
  for (const own of parts.length > 1 ? partWeights : []) {
    const value = (unit: Unit): number => coverageOfStems(own, unit.stems) + coverageOfStems(own, stemsOf(unit.text))
    const best = open.reduce<Unit | undefined>((a, b) => (a && value(a) >= value(b) ? a : b), undefined)
    if (!best || value(best) === 0) continue
    take(best)
    open.splice(open.indexOf(best), 1)
  }
  while (left > 40 && open.length > 0) {
    const covered = coverageOfStems(weights, known)
    let best = 0
    let bestValue = Number.NEGATIVE_INFINITY
    for (const [index, unit] of open.entries()) {
      const gain = coverageOfStems(weights, new Set([...known, ...unit.stems])) - covered
      const value = scoreOf(unit) + (isByMeaning ? noveltyByMeaning : noveltyWeight) * gain
      if (value > bestValue) {
        best = index
        bestValue = value
      }
    }
    const unit = open.splice(best, 1)[0] as Unit
    firstValue ||= bestValue
    if (
      chosen.size > 0 &&
      !isWide &&
      bestValue < Math.max(0.12, (isByMeaning ? fillByMeaning : fillShare) * firstValue)
    )
      break
    if (!take(unit) || unit.isRow) continue
    const neighbour = (step: number): Unit | undefined => {
      const other = units[units.indexOf(unit) + step]
      return other?.passage === unit.passage && !other.isRow ? other : undefined
    }
    // What refers back is not understood alone; what follows often holds the condition or the exception.
    if (refersBack.test(unit.text)) take(neighbour(-1))
    if (chosen.size <= 6) take(neighbour(1))
    if (chosen.size <= 3) take(neighbour(-1))
  }
  return passages.flatMap((passage) => {
    const own = units.filter((unit) => unit.passage === passage && chosen.has(unit))
    if (own.length === 0) return []
    const text = own
      .map((unit, index) => {
        const isNext = own[index - 1]?.index === unit.index - 1
        return `${index === 0 ? "" : isNext && !unit.isRow ? " " : "\n"}${unit.text}`
      })
      .join("")
    return [{ ...passage, text: neutralise(text.replace(/\*\*/g, "")) }]
  })
}

/** Neighbouring passages share sentences: each is read once. */
function withoutRepeats(units: readonly Unit[]): Unit[] {
  const seen = new Set<string>()
  return units.filter(({ text, passage }) => {
    const key = `${passage.documentId} ${text}`
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

function unitsOf(passage: Passage): Unit[] {
  const heading = stemsOf(`${passage.title}\n${passage.headingPath.join("\n")}`)
  const spans = sentencesOf(passage.text).filter(({ text }) => !/^#{1,6}\s/.test(text))
  const left = instructionsAmong(spans.map(({ text }) => text))
  return spans.map((span, index) => ({
    ...span,
    index,
    passage,
    stems: new Set([...stemsOf(span.text), ...heading]),
    isRow: /^[^:.!?]{1,60}: \S.*; /.test(span.text),
    isLeft: left[index] === true,
  }))
}
