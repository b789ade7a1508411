import type { WholeRoute } from "#contract/turns.ts"
import type { DocumentRecord } from "#store/types.ts"
import { wordsOf } from "../words.ts"
import type { Part } from "./digest.ts"
import type { Place, WholeDocument } from "./readWhole.ts"
import type { WholeQuestion } from "./recognise.ts"
import { type Library, topicStems } from "./resolve.ts"

/** A sentence or a line of the answer, with what it is taken from. */
export interface WholeLine {
  text: string
  places: Place[]
}

export interface WholeAnswer {
  route: WholeRoute
  /** What was read, as the answer says it: "Read all 14 sections of “Rental agreement”." */
  label: string
  total: number
  unit: string
  lead: WholeLine
  lines: WholeLine[]
  /** Lines that are not shown. */
  more: number
  /** Summaries: the stretches, for a model to tell each in its own words. */
  parts?: Part[]
  documents: WholeDocument[]
}

export interface ReadProgress {
  label: string
  done: number
  total: number
}

/** What every kind of question is answered with. */
export interface Tools {
  library: Library
  read(documents: readonly DocumentRecord[]): AsyncGenerator<ReadProgress, WholeDocument[]>
  /** Documents in which all topic words of the phrase stand, from the word index. */
  having(phrase: string, documents: readonly DocumentRecord[]): Promise<DocumentRecord[]>
}

/** Answers one kind of question. Null: it names nothing that is there. */
export type Solver<R extends WholeQuestion["route"]> = (
  question: Extract<WholeQuestion, { route: R }>,
  tools: Tools,
) => AsyncGenerator<ReadProgress, WholeAnswer | null>

/** Lines that an answer shows at most. */
export const shownLines = 60

/** The words of a phrase that say what it is about. */
export const topicWords = (phrase: string): Set<string> => {
  const topics = topicStems(phrase)
  return new Set(wordsOf(phrase).flatMap(({ word, stem }) => (topics.has(stem) ? [word] : [])))
}
