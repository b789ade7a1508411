import type { Passage } from "#contract/turns.ts"
import { hasAnswerForm } from "#rag/bestSentence.ts"
import { plainSentence } from "#rag/extractiveAnswer.ts"
import { answerKindOf, questionParts } from "#rag/queryTerms.ts"
import { coverageOf, type TermWeights, weightsOfPart } from "#rag/relevance.ts"
import { sentencesOf } from "#rag/sentences.ts"
import { contentStems, isStopWord, stemsOf, wordsOf } from "#rag/words.ts"

/** A sentence with less of the words of a part does not answer it. */
const partFloor = 0.4
/** Share of an answer's words that must stand in a sentence for the answer to be taken from it. */
const takenShare = 0.6
/** Words of an item that an answer may have left out of a list. */
const longestItem = 4

/**
 * Adds what an answer leaves out. A question of several parts gets the documents' own sentence for a part whose time, sum, number or
 * person is missing; of "Beatrix and the verger" nobody is dropped: the sentence with all of them stands instead.
 */
export function completeAnswer(
  question: string,
  text: string,
  evidence: readonly Passage[],
  weights: TermWeights,
): string {
  const sentences = evidence.flatMap((passage) => sentencesOf(passage.text).map((each) => plainSentence(each.text)))
  const parts = questionParts(question)
  if (parts.length === 1) return sentences.find((source) => dropsAnItem(question, text, source)) ?? text
  const missing = parts.flatMap((part) => {
    const kind = answerKindOf(part)
    if (kind === "any" || kind === "procedure" || kind === "place" || hasAnswerForm(kind, text)) return []
    const own = weightsOfPart(part, weights)
    const [best] = sentences
      .filter((source) => hasAnswerForm(kind, source) && coverageOf(own, source) >= partFloor)
      .sort((a, b) => coverageOf(own, b) - coverageOf(own, a))
    return best === undefined || text.includes(best) ? [] : [best]
  })
  return [text, ...new Set(missing)].join(" ")
}

/** Whether the answer names one of two things that the sentence it is taken from joins with "and" or "or". */
function dropsAnItem(question: string, text: string, source: string): boolean {
  const said = contentStems(text)
  const asked = stemsOf(question)
  const known = stemsOf(source)
  if (said.filter((stem) => known.has(stem)).length < takenShare * said.length) return false
  const isAdded = (phrase: string): boolean => {
    const last = wordsOf(phrase).at(-1)
    return last !== undefined && !isStopWord(last.word) && said.includes(last.stem) && !asked.has(last.stem)
  }
  // "…by Beatrix and the verger." The item behind ends with the clause; a longer one says something else.
  for (const { 1: before = "", 2: after = "" } of source.matchAll(
    /([^,;:.()]+?) (?:and|or) (?=([^,;:.()]+)(?:[,;:.()]|$))/g,
  )) {
    const item = contentStems(after)
    if (item.length === 0 || wordsOf(after).length > longestItem || !isAdded(before)) continue
    if (item.every((stem) => !said.includes(stem) && !asked.has(stem))) return true
  }
  return false
}
