import { createParser } from "eventsource-parser"

export interface SentEvent {
  id: string | undefined
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: each test asserts what it reads.
  data: any
}

/** Reads an event stream as a browser's EventSource does: by a parser that is not ours. `until` leaves the stream after such an event. */
export async function readEvents(
  response: Response,
  until: (event: SentEvent) => boolean = () => false,
): Promise<{ events: SentEvent[]; comments: string[] }> {
  const events: SentEvent[] = []
  const comments: string[] = []
  let isLeft = false
  const parser = createParser({
    onEvent: ({ id, event = "message", data }) => {
      if (isLeft) return
      const read = { id, event, data: JSON.parse(data) as unknown }
      events.push(read)
      isLeft = until(read)
    },
    onComment: (comment) => comments.push(comment),
    onError: (error) => {
      throw error
    },
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) throw new Error("The answer has no body.")
  for (;;) {
    const { value, done } = await reader.read()
    if (done) break
    parser.feed(value)
    if (isLeft) {
      await reader.cancel()
      break
    }
  }
  return { events, comments }
}
