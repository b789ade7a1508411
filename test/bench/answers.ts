/** Answer quality of the default bundle on test/fixtures: `-- answers [--set answers|tuning] [--split open|held|all] [--limit N] [--only ID] [--threads N]`. */
import { appendFileSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { answerCases, answerDocuments, scoreAnswer } from "../fakes/answerCases.ts"
import { openAnswerCore } from "../models/answerCore.ts"

const { values } = parseArgs({
  options: {
    set: { type: "string", default: "answers" },
    split: { type: "string", default: "open" },
    limit: { type: "string" },
    /** Threads for inference; on a busy machine one is faster than all. */
    threads: { type: "string" },
    only: { type: "string" },
    /** Each turn as a line of JSON, for a closer look. */
    out: { type: "string" },
    /** Print counts alone: what was kept aside stays unread. */
    quiet: { type: "boolean", default: false },
  },
})
if (values.split !== "open" && values.split !== "held" && values.split !== "all")
  throw new Error("--split is open, held or all.")
if (values.set !== "answers" && values.set !== "tuning") throw new Error("--set is answers or tuning.")
const isQuiet = values.quiet || values.split !== "open"
const only = values.only?.split(",")
const cases = answerCases(values.split, values.set)
  .filter((each) => !only || only.some((prefix) => each.id.startsWith(prefix)))
  .slice(0, values.limit ? Number(values.limit) : undefined)

const tally = { answerable: 0, right: 0, cited: 0, lost: 0, unanswerable: 0, told: 0, resolve: 0 }
const sentences = { all: 0, supported: 0, really: 0 }
const quotes: number[] = []
const firsts: number[] = []
const totals: number[] = []
const kinds = new Map<string, { right: number; all: number }>()
if (values.out) writeFileSync(values.out, "")

const core = await openAnswerCore(answerDocuments(values.set), values.threads ? Number(values.threads) : undefined)
try {
  // The model loads with the first question; that is not part of any figure.
  await core.ask("What is this about?")
  for (const asked of cases) {
    const { turn, quoteMs, firstTextMs, totalMs } = await core.ask(asked.question)
    const score = scoreAnswer(asked, turn)
    const kind = kinds.get(asked.kind) ?? { right: 0, all: 0 }
    kinds.set(asked.kind, { right: kind.right + Number(score.isRight), all: kind.all + 1 })
    if (asked.kind === "unanswerable") {
      tally.unanswerable++
      tally.told += Number(score.isRight)
    } else {
      tally.answerable++
      tally.right += Number(score.isRight)
      tally.cited += Number(score.citesSources)
      tally.lost += Number(score.isFalseNotFound)
    }
    tally.resolve += Number(score.resolves)
    sentences.all += score.sentences
    sentences.supported += score.supported
    sentences.really += score.reallySupported
    if (quoteMs !== null) quotes.push(quoteMs)
    if (firstTextMs !== null && turn.usage) firsts.push(firstTextMs)
    totals.push(totalMs)
    if (values.out) appendFileSync(values.out, `${JSON.stringify({ asked, score, turn, firstTextMs, totalMs })}\n`)
    if (isQuiet) continue
    const flag = score.isRight ? "ok   " : "WRONG"
    console.log(`${flag} ${asked.id} ${(totalMs / 1000).toFixed(1)} s  ${asked.question}\n      → ${turn.text}`)
    for (const span of turn.spans)
      if (!span.supported) console.log(`      unsupported: ${turn.text.slice(span.start, span.end)} (${span.reason})`)
    if (score.supported > score.reallySupported) console.log("      a cited passage does not hold its sentence")
    if (score.isRight) continue
    for (const passage of [...turn.passages, ...turn.closest].slice(0, 4))
      console.log(
        `      [${passage.n}] ${passage.title} > ${passage.headingPath.join(" > ")}: ${passage.text.slice(0, 160).replace(/\s+/g, " ")}`,
      )
    if (turn.error) console.log(`      ${turn.error.code}: ${turn.error.message}`)
  }
} finally {
  await core.close()
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "not run" : `${((100 * part) / whole).toFixed(1)} % (${part} of ${whole})`
const middle = (values: number[], share: number): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? "not run" : `${(value / 1000).toFixed(2)} s`
}
console.log(`answers: ${cases.length} questions of ${values.set}, split ${values.split}, temperature 0`)
console.log(`  right                         ${percent(tally.right, tally.answerable)}`)
console.log(`  unanswerable told so          ${percent(tally.told, tally.unanswerable)}`)
console.log(`  answerable, told "not found"  ${percent(tally.lost, tally.answerable)}`)
console.log(`  every source cited            ${percent(tally.cited, tally.answerable)}`)
console.log(`  all citations resolve         ${percent(tally.resolve, cases.length)}`)
console.log(`  sentences supported           ${percent(sentences.supported, sentences.all)}`)
console.log(`  cited passage supports        ${percent(sentences.really, sentences.supported)}`)
for (const [kind, { right, all }] of kinds) console.log(`  ${kind.padEnd(14)} ${right} of ${all}`)
console.log(`  quote p50 ${middle(quotes, 0.5)}, p95 ${middle(quotes, 0.95)} (${quotes.length})`)
console.log(`  first text p50 ${middle(firsts, 0.5)}, p95 ${middle(firsts, 0.95)} (${firsts.length} composed)`)
console.log(`  whole turn p50 ${middle(totals, 0.5)}, p95 ${middle(totals, 0.95)}`)
