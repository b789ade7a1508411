import type { Passage, PhaseResult } from "#contract/turns.ts"
import { hasAnswerForm } from "#rag/bestSentence.ts"
import { queryTerms, questionParts } from "#rag/queryTerms.ts"
import { stemsOf } from "#rag/words.ts"
import { asksYesOrNo } from "./prompt.ts"

/** The best sentence of the documents, as a turn shows it before anything is composed. */
export interface Quote {
  question: string
  sentence: string
  /** The passage it stands in. */
  passage: Passage
  /** The last phase's results, best first. */
  results: readonly PhaseResult[]
}

/**
 * From this confidence on a sentence is an answer that may be said at once. `npm run bench -- quickAnswers` measures how many questions
 * get one and how many of those are wrong.
 */
export const quickFloor = 0.88

const number =
  "(?:\\d[\\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|hundred)"
const interrogative = /\b(?:what|which|who|whom|whose|when|where|why|how)\b/gi
const asksForFigure =
  /\b(?:costs?|price|pay|fee|premium|euros?|dollars?|weighs?|weight|how (?:much|many|far|big|large|tall|high|hot|warm|cold|heavy|deep|wide|fast|loud|long|often|old|late|early)|when|what time|until|number|temperature)\b/i
const holdsFigure = new RegExp(
  `${number}|\\b(?:twice|once|daily|weekly|monthly|yearly|every|no|free|never|always)\\b`,
  "i",
)
const headingGluedOn = /^(?:\d+(?:\.\d+)*\s+\p{Lu}|[\p{Lu}\s\d-]{12,}\n)/u

/**
 * How likely one sentence alone answers the question, 0..1. Rules come first: what asks for several things, and a sentence that lacks a
 * word, a code or the kind of figure that is asked for, is no quick answer at all (0). The rest is a logistic curve over the words the
 * sentence shares, its form, and how far its passage stands before the next. Coefficients: logistic regression with a small penalty on
 * the questions of test/fixtures/tuning and the open half of test/fixtures/answers, rounded.
 */
export function quickConfidence({ question, sentence, passage, results }: Quote): number {
  if (asksForSeveral(question) || headingGluedOn.test(sentence)) return 0
  const place = [passage.title, ...passage.headingPath].join("\n")
  if (!holdsCodes(question, `${sentence}\n${place}`) || !countsWhatIsAsked(question, sentence)) return 0
  if (asksForFigure.test(question) && !asksYesOrNo(question) && !holdsFigure.test(sentence)) return 0
  const { terms, answerKind } = queryTerms(question)
  if (!hasAnswerForm(answerKind, sentence)) return 0
  const stems = terms.map((term) => term.stem)
  const whole = stemsOf(`${place}\n${passage.text}`)
  if (stems.length === 0 || stems.some((stem) => !whole.has(stem))) return 0

  const own = stemsOf(sentence)
  const share = stems.filter((stem) => own.has(stem)).length / stems.length
  // A name is in many sentences: who did something is told by one that says the doing.
  if (answerKind === "person" && share < 1) return 0
  const [first, second] = results
  const isFirst = first?.id === passage.chunkId
  const lead = isFirst ? first.score - (second?.score ?? 0) : 0
  const evidence = -1.5 + 3.2 * share + 1.7 * Number(isFirst) + 1.6 * lead + 0.7 * Number(answerKind !== "any")
  return 1 / (1 + Math.exp(-evidence))
}

/** Two questions in one, a choice or a comparison: no sentence of a document answers those by itself. */
const asksForSeveral = (question: string): boolean =>
  questionParts(question).length > 1 ||
  (question.match(interrogative) ?? []).length > 1 ||
  /\b(?:or|both|each|respectively|compared?|difference)\b/i.test(question)

/** Figures and codes of the question ("power level 3", "F3", "Quick 35") name what is asked about. */
function holdsCodes(question: string, text: string): boolean {
  const codes = question.match(/(?<![\p{L}\d])[\p{L}-]*\d[\p{L}\d.,:-]*(?<![.,:-])/gu) ?? []
  const lower = text.toLowerCase()
  return codes.every((code) =>
    new RegExp(`(?<![\\p{L}\\d.,])${escaped(code.toLowerCase())}(?![\\p{L}\\d]|[.,]\\d)`, "u").test(lower),
  )
}

/** "How many pages" wants a number of pages, not of minutes. */
function countsWhatIsAsked(question: string, sentence: string): boolean {
  const counted = /\bhow many (\p{L}+)/iu.exec(question)?.[1]
  if (counted === undefined) return true
  const stem = [...stemsOf(counted)][0] ?? counted
  const beginning = escaped(stem.slice(0, Math.max(3, stem.length - 1)))
  return new RegExp(`${number}\\W+(?:\\p{L}+\\W+){0,3}?${beginning}`, "iu").test(sentence)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
