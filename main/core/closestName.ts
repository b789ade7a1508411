import { editDistance } from "./editDistance.ts"

/** The known name that was probably meant: at most a third of its letters differ, or two swapped ones. Null: none is close. */
export function closestName(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, edits: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
  const [best] = ranked
  return best && best.edits <= Math.max(best.candidate.length > 3 ? 2 : 1, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : null
}
