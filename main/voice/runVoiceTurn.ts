import type { Identification } from "#contract/speakers.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { type ListenDeps, type ListenOptions, listen } from "./listen.ts"
import type { SpeechOutput } from "./speak.ts"
import { type SpokenAnswerOptions, speakAnswer } from "./speakAnswer.ts"

export interface VoiceTurnDeps extends ListenDeps, SpokenAnswerOptions {
  /** The same generator that answers text turns. Called once, with what was heard and whose voice it was, where that is known. */
  answer(question: string, signal: AbortSignal, speaker: Identification | null): AsyncIterable<TurnEventBody>
  /** Null: the answer is not spoken. */
  speech: SpeechOutput | null
}

export interface VoiceTurnResult {
  reason: "complete" | "no-speech"
  /** What was understood; null when nobody spoke. */
  question: string | null
  /** Characters of the answer that were heard; null when nothing was spoken. */
  heardChars: number | null
}

/**
 * One voice turn between `turn-start` and `turn-end`: `listen-start · level* · stt-partial* · listen-end · stt-end · the answer's events ·
 * speech-start · caption* · speech-end`. The signal stops generation, synthesis and the sink together; `speech-end`, with what was heard, is
 * still yielded before the signal's reason is thrown, so read on after aborting. Failures of hearing and of the answer are thrown; a failing
 * voice becomes an `error` event beside the whole text answer.
 */
export async function* runVoiceTurn(
  input: ListenOptions,
  deps: VoiceTurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody, VoiceTurnResult> {
  const { speech } = deps
  const heard = yield* listen(deps, input, signal)
  if (heard.kind === "no-speech") return { reason: "no-speech", question: null, heardChars: null }
  // Loaded while the answer is looked for; a failure shows when it is used.
  speech?.tts.load(signal).catch(() => undefined)
  const answered = deps.answer(heard.text, signal, heard.speaker)
  let heardChars: number | null = null
  for await (const event of speech ? speakAnswer(answered, speech, signal, deps) : answered) {
    if (event.type === "speech-end") heardChars = event.heardChars
    yield event
  }
  return { reason: "complete", question: heard.text, heardChars }
}
