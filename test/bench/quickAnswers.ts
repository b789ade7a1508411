/**
 * How often one sentence of the documents is spoken as the answer, and how often that is wrong: `-- quickAnswers [--set answers|tuning]
 * [--split open|held|all]`. Needs the embedding model, no chat model. Prints counts alone for what was kept aside.
 */
import { parseArgs } from "node:util"
import { quickConfidence, quickFloor } from "#chat/quickAnswer.ts"
import { type AnswerSet, answerCases, answerDocuments } from "../fakes/answerCases.ts"
import { openAnswerCore } from "../models/answerCore.ts"

const { values } = parseArgs({
  options: {
    set: { type: "string" },
    split: { type: "string", default: "open" },
    /** Each spoken sentence. */
    list: { type: "boolean", default: false },
  },
})
const { set, split, list } = values
if (split !== "open" && split !== "held" && split !== "all") throw new Error("--split is open, held or all.")
if (set !== undefined && set !== "answers" && set !== "tuning") throw new Error("--set is answers or tuning.")
const sets: AnswerSet[] = set === undefined ? ["tuning", "answers"] : [set]
const floors = [0.5, 0.7, 0.8, 0.85, quickFloor, 0.92]

interface Row {
  isAnswerable: boolean
  confidence: number
  isRight: boolean
}

for (const name of sets) {
  const core = await openAnswerCore(answerDocuments(name))
  const rows: Row[] = []
  const waits: number[] = []
  try {
    for (const { id, question, kind, answer, wrong = [] } of answerCases(split, name)) {
      const { turn, quoteMs } = await core.ask(question)
      const passage = turn.passages.find(({ n }) => n === turn.quote?.citation)
      const isAnswerable = kind !== "unanswerable"
      if (!turn.quote || !passage) {
        rows.push({ isAnswerable, confidence: 0, isRight: false })
        continue
      }
      const { sentence } = turn.quote
      const confidence = quickConfidence({ question, sentence, passage, results: turn.phase })
      const matches = (expression: string): boolean => new RegExp(expression, "i").test(sentence)
      const isRight = isAnswerable && answer.some((all) => all.every(matches)) && !wrong.some(matches)
      rows.push({ isAnswerable, confidence, isRight })
      if (quoteMs !== null) waits.push(quoteMs)
      if (list && split === "open" && confidence >= 0.5)
        console.log(`${isRight ? "ok   " : "WRONG"} ${confidence.toFixed(2)} ${id} ${question}\n      → ${sentence}`)
    }
  } finally {
    await core.close()
  }
  const answerable = rows.filter((row) => row.isAnswerable).length
  console.log(`quickAnswers: ${rows.length} questions of ${name}, split ${split}, ${answerable} answerable`)
  for (const floor of floors) {
    const spoken = rows.filter(({ confidence }) => confidence >= floor)
    const right = spoken.filter((row) => row.isRight).length
    const share = spoken.length === 0 ? "none" : `${((100 * (spoken.length - right)) / spoken.length).toFixed(1)} %`
    const mark = floor === quickFloor ? " ← spoken from here" : ""
    console.log(
      `  from ${floor.toFixed(2)}: ${spoken.length} spoken, ${spoken.length - right} wrong (${share}), ${((100 * right) / answerable).toFixed(0)} % of the answerable${mark}`,
    )
  }
  waits.sort((a, b) => a - b)
  console.log(`  quote p50 ${waits[Math.floor(waits.length / 2)]?.toFixed(0) ?? "not run"} ms`)
}
