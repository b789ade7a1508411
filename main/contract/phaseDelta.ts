import type { PhaseDelta, PhaseResult } from "./turns.ts"

/** What a delta carries of a result: its place, and what names it. Features and adjustments come with the phase itself. */
export type PhasePlace = Pick<
  PhaseResult,
  "id" | "documentId" | "title" | "textPreview" | "distance" | "score" | "rank"
>

/** What changes from one phase's results to the next, by new rank; results that left come last. Unchanged results are left out. */
export function phaseDelta(previous: readonly PhasePlace[], next: readonly PhasePlace[]): PhaseDelta[] {
  const before = new Map(previous.map((result) => [result.id, result]))
  const after = new Set(next.map((result) => result.id))
  const moved = next.flatMap((result): PhaseDelta[] => {
    const old = before.get(result.id)
    if (!old) {
      const { documentId, title, textPreview, distance } = result
      return [
        {
          id: result.id,
          oldRank: null,
          newRank: result.rank,
          rankDelta: null,
          score: result.score,
          scoreDelta: null,
          entered: { documentId, title, textPreview, distance },
        },
      ]
    }
    if (old.rank === result.rank && old.score === result.score) return []
    return [
      {
        id: result.id,
        oldRank: old.rank,
        newRank: result.rank,
        rankDelta: old.rank - result.rank,
        score: result.score,
        scoreDelta: result.score - old.score,
      },
    ]
  })
  const left = previous
    .filter((result) => !after.has(result.id))
    .map(
      (result): PhaseDelta => ({
        id: result.id,
        oldRank: result.rank,
        newRank: null,
        rankDelta: null,
        score: result.score,
        scoreDelta: null,
      }),
    )
  return [...moved, ...left]
}

/** The next phase's results, without features and adjustments: `applyDelta(previous, phaseDelta(previous, next))` is `next`. */
export function applyDelta(previous: readonly PhasePlace[], delta: readonly PhaseDelta[]): PhasePlace[] {
  const results = new Map(previous.map((result) => [result.id, placeOf(result)]))
  for (const { id, newRank, score, entered } of delta) {
    const known = results.get(id) ?? (entered ? { id, ...entered } : null)
    if (newRank === null) results.delete(id)
    else if (known) results.set(id, { ...known, score, rank: newRank })
  }
  return [...results.values()].sort((a, b) => a.rank - b.rank)
}

const placeOf = ({ id, documentId, title, textPreview, distance, score, rank }: PhasePlace): PhasePlace => ({
  id,
  documentId,
  title,
  textPreview,
  distance,
  score,
  rank,
})
