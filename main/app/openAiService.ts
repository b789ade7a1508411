import type { TurnDeps } from "#chat/runTurn.ts"
import { AppError } from "#core/errors.ts"
import type { OpenAiService } from "#server/deps.ts"
import type { Answering } from "./answering.ts"
import type { Routing } from "./routing.ts"

export interface OpenAiServiceDeps {
  routing: Pick<Routing, "named">
  answer: Answering["answer"]
  persona: TurnDeps["persona"]
}

/** What `/v1` calls: a model alone, or an answer from documents. */
export function createOpenAiService({ routing, answer, persona }: OpenAiServiceDeps): OpenAiService {
  return {
    async llm(id) {
      const llm = await routing.named(id)
      if (!llm)
        throw new AppError("model.missing", "No chat model is installed.", { remedy: "Run `zenglow models pull`." })
      return llm
    },
    async *answer(actor, request, signal) {
      const last = request.messages.findLastIndex((message) => message.role === "user")
      const system = request.messages.find((message) => message.role === "system")?.text
      const base = await persona(null)
      yield* answer(
        {
          actor,
          question: request.messages[last]?.text ?? "",
          history: [],
          collectionIds: request.collectionIds,
          alwaysSearches: true,
          persona: system === undefined ? base : { ...base, systemPrompt: system },
          cacheKey: "openai-rag",
          model: null,
          temperature: request.temperature,
          maxTokens: request.maxTokens,
        },
        signal,
      )
    },
  }
}
