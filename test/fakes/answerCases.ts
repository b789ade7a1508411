import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { TurnState } from "#contract/turnState.ts"

/** A question of test/fixtures/answers with how its answer is scored. */
export interface AnswerCase {
  id: string
  split: "open" | "held"
  question: string
  kind: "fact" | "table" | "number" | "two-passages" | "condition" | "yes-no" | "unanswerable"
  /** Alternatives; all expressions of one must match. */
  answer: string[][]
  wrong?: string[]
  /** Files that must be cited. */
  sources: string[]
}

export interface AnswerScore {
  /** Answerable: right. Unanswerable: told so. */
  isRight: boolean
  /** An answerable question was answered with "not found". */
  isFalseNotFound: boolean
  citesSources: boolean
  /** Every citation number of every span names a passage of the turn. */
  resolves: boolean
  sentences: number
  supported: number
  /** Of the supported sentences: those whose cited passages hold every number and most words. */
  reallySupported: number
}

/** `answers` has a half that is kept aside; `tuning` is for prompts and thresholds alone. */
export type AnswerSet = "answers" | "tuning"

const fileOf = (set: AnswerSet, name: string): URL => new URL(`../fixtures/${set}/${name}`, import.meta.url)

export const answerDocuments = (set: AnswerSet = "answers"): string => fileURLToPath(fileOf(set, "documents"))

export function answerCases(split: "open" | "held" | "all", set: AnswerSet = "answers"): AnswerCase[] {
  const cases = JSON.parse(readFileSync(fileOf(set, "questions.json"), "utf8")) as AnswerCase[]
  return split === "all" ? cases : cases.filter((each) => each.split === split)
}

const saysNothing = /\b(documents?|passages?) (do(es)? not|don[’']t|doesn[’']t) (say|state|mention|answer)/i

/** Scores one answered turn by the rules of the fixture's README. */
export function scoreAnswer(
  asked: Pick<AnswerCase, "kind" | "answer" | "wrong" | "sources">,
  turn: TurnState,
): AnswerScore {
  const toldNothing = turn.found === false || saysNothing.test(turn.text)
  const matches = (expression: string): boolean => new RegExp(expression, "i").test(turn.text)
  const isRight =
    asked.kind === "unanswerable"
      ? toldNothing
      : asked.answer.some((all) => all.every(matches)) && !(asked.wrong ?? []).some(matches)
  const cited = (numbers: readonly number[]) => turn.passages.filter((passage) => numbers.includes(passage.n))
  const files = new Set(cited(turn.spans.flatMap((span) => span.citations)).map((passage) => passage.path))
  const supported = turn.spans.filter((span) => span.supported)
  return {
    isRight,
    isFalseNotFound: asked.kind !== "unanswerable" && toldNothing,
    citesSources: asked.sources.every((source) => [...files].some((file) => file.endsWith(source))),
    resolves: turn.spans.every((span) => cited(span.citations).length === new Set(span.citations).size),
    sentences: turn.spans.length,
    supported: supported.length,
    reallySupported: supported.filter((span) =>
      holds(
        turn.text.slice(span.start, span.end),
        cited(span.citations)
          .map((passage) => [passage.title, ...passage.headingPath, passage.text].join("\n"))
          .join("\n"),
        turn.question,
      ),
    ).length,
  }
}

const numerals = "zero one two three four five six seven eight nine ten eleven twelve".split(" ")
/** Longer words that only join others. */
const joining = new Set(
  "because while whereas that this these those which when where with from into until than also".split(" "),
)
const plain = (text: string): string => text.toLowerCase().replace(/(\d),(?=\d{3}\b)/g, "$1")
const wordsOf = (text: string): string[] =>
  (plain(text).match(/\p{L}{3,}|\d+(?:[.:]\d+)*/gu) ?? []).map((word) => {
    const value = numerals.indexOf(word)
    return value >= 0 ? String(value) : word.replace(/(?:ing|ed|es|s)$/, "")
  })

/**
 * An independent, plain check: every number of the sentence, and half of its longer words, stand in the cited text. Words of the
 * question count as said: an answer repeats them.
 */
function holds(sentence: string, source: string, question: string): boolean {
  const known = new Set(wordsOf(source))
  const asked = new Set(wordsOf(question))
  const words = wordsOf(sentence.replace(/\[\d+\]/g, ""))
  const isNumber = (word: string): boolean => /^\d/.test(word)
  const own = words.filter((word) => !asked.has(word) && !isNumber(word) && word.length > 3 && !joining.has(word))
  const numbers = words.filter((word) => isNumber(word) && !asked.has(word))
  return numbers.every((word) => known.has(word)) && own.filter((word) => known.has(word)).length >= 0.5 * own.length
}
