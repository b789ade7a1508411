/** Ten recorded questions, spoken and typed: what was understood, whether the answer is right, when it is heard, and what the answer sounds like. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { downlinkSampleRate, uplinkSampleRate } from "#contract/socket.ts"
import { type AnswerCase, scoreAnswer } from "../fakes/answerCases.ts"
import { openAnswerCore } from "../models/answerCore.ts"
import { wordErrors } from "../models/wordErrors.ts"

interface SpokenCase extends Pick<AnswerCase, "answer" | "wrong" | "sources"> {
  file: string
  text: string
}

const fixture = (name: string): URL => new URL(`../fixtures/speech/${name}`, import.meta.url)
const cases = JSON.parse(readFileSync(fixture("questions.json"), "utf8")) as SpokenCase[]
const signal = new AbortController().signal
const right = { spoken: 0, typed: 0, same: 0 }
const heard = { errors: 0, words: 0 }
const firstAudio: number[] = []

const core = await openAnswerCore(fileURLToPath(fixture("household")))
try {
  await core.ask("What is this about?")
  for (const asked of cases) {
    const { samples } = await decodeAudio(readFileSync(fixture(asked.file)), { sampleRate: uplinkSampleRate }, signal)
    const { turn: spoken, speech } = await core.speak(samples)
    const { turn: typed } = await core.ask(asked.text)
    const rule = { ...asked, kind: "fact" as const }
    const isRight = scoreAnswer(rule, spoken).isRight
    right.spoken += Number(isRight)
    right.typed += Number(scoreAnswer(rule, typed).isRight)
    right.same += Number(spoken.text === typed.text)
    const { errors, words } = wordErrors(asked.text, spoken.question)
    heard.errors += errors
    heard.words += words
    const first = spoken.timings.find(({ name }) => name === "first-audio")
    if (first) firstAudio.push(first.endMs)
    console.log(
      `${isRight ? "ok   " : "WRONG"} ${spoken.question}\n      → ${spoken.text} (${(speech.length / downlinkSampleRate).toFixed(1)} s of speech)`,
    )
  }
} finally {
  await core.close()
}
firstAudio.sort((a, b) => a - b)
const seconds = (share: number): string =>
  ((firstAudio[Math.min(firstAudio.length - 1, Math.floor(firstAudio.length * share))] ?? 0) / 1000).toFixed(1)
console.log(
  `spoken: right ${right.spoken}/${cases.length} (typed ${right.typed}), same answer ${right.same}; ${heard.errors} of ${heard.words} words misheard; first audio p50 ${seconds(0.5)} s, worst ${seconds(1)} s after the key went up`,
)
