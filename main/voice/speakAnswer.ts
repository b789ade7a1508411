import type { ErrorInfo } from "#contract/errors.ts"
import type { CitedSpan, TurnEventBody } from "#contract/turns.ts"
import { errorInfo } from "#core/errors.ts"
import { merge } from "#core/merge.ts"
import { createPushQueue } from "#core/queue.ts"
import { createQuickAnswers, type QuickAnswer } from "./quickAnswer.ts"
import { type SpeechOutput, speak } from "./speak.ts"
import type { SpokenPart } from "./spokenParts.ts"

export interface SpokenAnswerOptions {
  /** Say a sentence of the documents at once, where it answers by itself. Default false. */
  hasQuickAnswers?: boolean
}

/**
 * Passes an answer's events through and adds those of its speech. What is spoken cannot be taken back: provisional text waits for its
 * check, and `text-end` brings what stands. A voice that fails leaves the text answer whole and adds one `error` event that says why
 * there is no sound. When the answer fails or is aborted, its speech ends first (`speech-end`), then the reason is thrown.
 */
export async function* speakAnswer(
  events: AsyncIterable<TurnEventBody>,
  output: SpeechOutput,
  signal: AbortSignal,
  { hasQuickAnswers = false }: SpokenAnswerOptions = {},
): AsyncGenerator<TurnEventBody, void> {
  const parts = createPushQueue<SpokenPart>()
  const answerFailed = new AbortController()
  const speechSignal = AbortSignal.any([signal, answerFailed.signal])
  let failure: { error: unknown } | undefined
  let spans: readonly CitedSpan[] = []
  const citationsOf = (start: number, end: number): number[] => [
    ...new Set(spans.filter((span) => span.start < end && span.end > start).flatMap((span) => span.citations)),
  ]

  async function* written(): AsyncGenerator<TurnEventBody, void> {
    const quickAnswers = hasQuickAnswers ? createQuickAnswers() : null
    let quick: QuickAnswer | null = null
    let said = ""
    try {
      for await (const event of events) {
        if (event.type === "text-delta" && !event.provisional) {
          said += event.text
          if (!quick) parts.push({ text: event.text })
        } else if (event.type === "text-end") {
          spans = event.spans
          for (const part of quick ? quick.follow(event) : restOf(event.text, said)) parts.push(part)
          parts.end()
        }
        yield event
        const found = quickAnswers?.watch(event)
        if (!found) continue
        quick = found
        for (const part of found.parts) parts.push(part)
        yield found.event
      }
    } catch (error) {
      failure = { error }
      answerFailed.abort(error)
    } finally {
      parts.end()
    }
  }
  async function* spoken(): AsyncGenerator<TurnEventBody, void> {
    try {
      yield* speak(parts, { ...output, citationsOf }, speechSignal)
    } catch (error) {
      yield { type: "error", error: whyThereIsNoSound(error) }
    }
  }

  try {
    yield* merge([written(), spoken()])
  } finally {
    // A consumer that leaves early silences the speaker too.
    answerFailed.abort()
  }
  if (failure) throw failure.error
}

/** Nothing when the text that stands is another than what was said. */
const restOf = (text: string, said: string): SpokenPart[] =>
  text.startsWith(said) ? [{ text: text.slice(said.length) }] : []

function whyThereIsNoSound(error: unknown): ErrorInfo {
  const info = errorInfo(error)
  return { ...info, message: `The answer cannot be spoken. ${info.message}` }
}
