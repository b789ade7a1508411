import type { DatasetDiff, DatasetRow } from "#contract/datasets.ts"
import { createNearIndex, normalised } from "./similarity.ts"

const shownExamples = 20
/** Questions that agree this much are one question in other words. */
const nearQuestion = 0.5

/**
 * What changed between two versions by meaning: rows by their content, then by the same question, then by almost the same words. Which side of
 * the split a row is on does not count.
 */
export function diffRows(before: readonly DatasetRow[], after: readonly DatasetRow[]): DatasetDiff {
  const known = new Set(after.map(({ id }) => id))
  const had = new Set(before.map(({ id }) => id))
  const gone = before.filter(({ id }) => !known.has(id))
  const fresh = after.filter(({ id }) => !had.has(id))

  const byQuestion = new Map(gone.map((row) => [`${row.kind} ${normalised(questionOf(row))}`, row]))
  const index = createNearIndex<DatasetRow>()
  for (const row of gone) index.add(wordsOf(row), row)
  const used = new Set<string>()
  const changed: DatasetDiff["examples"]["changed"] = []
  const near: DatasetDiff["examples"]["nearDuplicate"] = []
  const added: DatasetRow[] = []
  for (const row of fresh) {
    const same = byQuestion.get(`${row.kind} ${normalised(questionOf(row))}`)
    if (same && !used.has(same.id)) {
      used.add(same.id)
      changed.push({ before: same, after: row, similarity: 1 })
      continue
    }
    const found = index.nearest(wordsOf(row), nearQuestion)
    if (found && !used.has(found.value.id)) {
      used.add(found.value.id)
      near.push({ before: found.value, after: row, similarity: found.similarity })
    } else added.push(row)
  }
  const removed = gone.filter(({ id }) => !used.has(id))
  return {
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    nearDuplicate: near.length,
    unchanged: after.length - fresh.length,
    examples: {
      added: added.slice(0, shownExamples),
      removed: removed.slice(0, shownExamples),
      changed: changed.slice(0, shownExamples),
      nearDuplicate: near.slice(0, shownExamples),
    },
  }
}

const questionOf = ({ messages, instruction = "", input = "" }: DatasetRow): string =>
  messages?.find(({ role }) => role === "user")?.content ?? `${instruction} ${input}`
const wordsOf = (row: DatasetRow): string =>
  `${questionOf(row)} ${row.messages?.find(({ role }) => role === "assistant")?.content ?? row.output ?? ""}`
