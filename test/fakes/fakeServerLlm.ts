import type { GenerateEvent, GenerateRequest } from "#contract/generation.ts"
import type { ServerLlm } from "#server/openai/llm.ts"

/** A language model whose next answers a test writes down. Without a script it repeats the last message. */
export interface FakeServerLlm extends ServerLlm {
  requests: GenerateRequest[]
  /** Events of the next answer; a thrown error ends it. */
  script: ((request: GenerateRequest, signal: AbortSignal) => AsyncIterable<GenerateEvent>) | null
  /** Generations that were told to stop. */
  aborted: number
}

export function createFakeServerLlm(modelId: string): FakeServerLlm {
  const fake: FakeServerLlm = {
    modelId,
    requests: [],
    script: null,
    aborted: 0,
    info: async () => ({ modelId, contextTokens: 4096, hasTools: true }),
    countTokens: async (texts) => texts.map((text) => text.split(/\s+/).filter(Boolean).length),
    async *generate(request, signal) {
      fake.requests.push(request)
      const onAbort = (): void => {
        fake.aborted++
      }
      signal.addEventListener("abort", onAbort)
      try {
        yield* (fake.script ?? echo)(request, signal)
      } finally {
        signal.removeEventListener("abort", onAbort)
      }
    },
  }
  return fake
}

async function* echo(request: GenerateRequest): AsyncGenerator<GenerateEvent> {
  const text = request.messages.at(-1)?.content ?? ""
  const words = text.match(/\s*\S+/g) ?? []
  yield { type: "prompt-progress", done: 1, total: 1 }
  for (const word of words) yield { type: "text", text: word }
  yield endEvent("stop", words.length)
}

export const endEvent = (reason: "stop" | "length" | "tool-calls", completionTokens: number): GenerateEvent => ({
  type: "end",
  reason,
  usage: { promptTokens: 10, cachedTokens: 3, completionTokens },
  timings: { promptMs: 1, generateMs: 1 },
})

/** A script that answers with these events. */
export const answer = (...events: GenerateEvent[]) =>
  async function* (): AsyncGenerator<GenerateEvent> {
    yield* events
  }
