import { readFileSync } from "node:fs"
import { findPersonalData } from "#core/pii/findPersonalData.ts"
import { type PiiKind, piiKinds } from "#core/pii/policy.ts"

export interface PiiScore {
  kind: PiiKind | "all"
  expected: number
  found: number
  right: number
  precision: number
  recall: number
}

/** The names that the set's sentences are searched for. */
export const setNames = ["Marta Kessler", "Ioan"]

export interface PiiSentence {
  text: string
  expected: { kind: PiiKind; start: number; end: number }[]
}

/** The marked sentences: `tuned` were looked at while the rules were written, `held` were not. */
export function readPiiSet(): { tuned: PiiSentence[]; held: PiiSentence[] } {
  const lines = readFileSync(new URL("../fixtures/pii.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
  const sentences = lines.map((line) => {
    const expected: PiiSentence["expected"] = []
    let text = ""
    for (const part of line.split(/(\{\{[a-z-]+:.*?\}\})/)) {
      const marked = /^\{\{([a-z-]+):(.*)\}\}$/.exec(part)
      const kind = piiKinds.find((known) => known === marked?.[1])
      const value = kind ? (marked?.[2] ?? "") : part
      if (kind) expected.push({ kind, start: text.length, end: text.length + value.length })
      text += value
    }
    return { text, expected }
  })
  return { tuned: sentences.filter((_, n) => n % 2 === 0), held: sentences.filter((_, n) => n % 2 === 1) }
}

/** Exact span and kind count as right; a part of it, or another kind, as wrong and as missed. */
export function scorePii(sentences: readonly PiiSentence[], onMistake?: (told: string) => void): PiiScore[] {
  const tallies = new Map(piiKinds.map((kind) => [kind, { expected: 0, found: 0, right: 0 }]))
  for (const { text, expected } of sentences) {
    const found = findPersonalData(text, { names: setNames })
    const isSame = (a: { kind: string; start: number; end: number }, b: { kind: string; start: number; end: number }) =>
      a.kind === b.kind && a.start === b.start && a.end === b.end
    for (const one of expected) {
      const tally = tallies.get(one.kind)
      if (tally) tally.expected++
      if (!found.some((other) => isSame(one, other))) onMistake?.(`missed ${one.kind}: ${text}`)
    }
    for (const one of found) {
      const tally = tallies.get(one.kind)
      const isRight = expected.some((other) => isSame(one, other))
      if (tally) tally.found++
      if (tally && isRight) tally.right++
      if (!isRight) onMistake?.(`wrong ${one.kind} “${text.slice(one.start, one.end)}”: ${text}`)
    }
  }
  const rows = [...tallies].map(([kind, tally]) => ({ kind, ...tally }))
  const sum = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + of(row), 0)
  const all = {
    kind: "all" as const,
    expected: sum((row) => row.expected),
    found: sum((row) => row.found),
    right: sum((row) => row.right),
  }
  return [...rows, all].map((row) => ({
    ...row,
    precision: row.found === 0 ? 1 : row.right / row.found,
    recall: row.expected === 0 ? 1 : row.right / row.expected,
  }))
}
