import type { ErrorInfo } from "#contract/errors.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import { errorInfo } from "#core/errors.ts"
import { merge } from "#core/merge.ts"
import { createPushQueue } from "#core/queue.ts"
import { type SpeechOutput, speak } from "./speak.ts"

/**
 * Passes an answer's events through and adds those of its speech. What is spoken cannot be taken back: provisional text waits for its
 * check, and `text-end` brings what stands. A voice that fails leaves the text answer whole and adds one `error` event that says why
 * there is no sound. When the answer fails or is aborted, its speech ends first (`speech-end`), then the reason is thrown.
 */
export async function* speakAnswer(
  events: AsyncIterable<TurnEventBody>,
  output: SpeechOutput,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody, void> {
  const deltas = createPushQueue<string>()
  const answerFailed = new AbortController()
  const speechSignal = AbortSignal.any([signal, answerFailed.signal])
  let failure: { error: unknown } | undefined

  async function* written(): AsyncGenerator<TurnEventBody, void> {
    let said = ""
    try {
      for await (const event of events) {
        if (event.type === "text-delta" && !event.provisional) {
          said += event.text
          deltas.push(event.text)
        } else if (event.type === "text-end") {
          if (event.text.startsWith(said)) deltas.push(event.text.slice(said.length))
          deltas.end()
        }
        yield event
      }
    } catch (error) {
      failure = { error }
      answerFailed.abort(error)
    } finally {
      deltas.end()
    }
  }
  async function* spoken(): AsyncGenerator<TurnEventBody, void> {
    try {
      yield* speak(deltas, output, speechSignal)
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

function whyThereIsNoSound(error: unknown): ErrorInfo {
  const info = errorInfo(error)
  return { ...info, message: `The answer cannot be spoken. ${info.message}` }
}
