import type { GenerateRequest } from "#contract/generation.ts"
import type { ChatCompletionRequest } from "#contract/openai.ts"
import type { Passage, TurnEventBody } from "#contract/turns.ts"
import type { ServerDeps } from "../deps.ts"
import type { RequestInfo } from "../handlers.ts"
import type { ChoiceEvent } from "./llm.ts"
import { badParameter } from "./openAiErrors.ts"

/** Answers as `rag/<collection>`: the document answer's text, a list of its sources, and the passages as `citations`. */
export async function* answerFromDocuments(
  body: ChatCompletionRequest,
  request: GenerateRequest,
  collectionId: string,
  info: RequestInfo,
  deps: Pick<ServerDeps, "openAi">,
): AsyncGenerator<ChoiceEvent> {
  refuseUnsupported(body)
  const messages = request.messages.flatMap(({ role, content }) => (role === "tool" ? [] : [{ role, text: content }]))
  if (messages.at(-1)?.role !== "user") throw badParameter("messages", "The last message must be the user's question.")
  const events = deps.openAi.answer(
    info.actor,
    {
      messages,
      collectionIds: [collectionId],
      ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      ...(request.maxTokens === undefined ? {} : { maxTokens: request.maxTokens }),
    },
    info.signal,
  )
  let passages: Passage[] = []
  let sent = ""
  for await (const event of events) {
    if (event.type === "retrieve-end") passages = event.passages
    else if (event.type === "text-delta") {
      // A client cannot take back what it was sent.
      if (event.provisional) continue
      sent += event.text
      yield { index: 0, event: { type: "text", text: event.text } }
    } else if (event.type === "reasoning-delta") yield { index: 0, event: { type: "reasoning", text: event.text } }
    else if (event.type === "prompt-progress") yield { index: 0, event }
    else if (event.type === "text-end") {
      const rest = event.text.startsWith(sent) ? event.text.slice(sent.length) : ""
      if (rest !== "") yield { index: 0, event: { type: "text", text: rest } }
      yield* ending(event, passages)
    }
  }
}

function* ending(event: TurnEventBody & { type: "text-end" }, passages: Passage[]): Generator<ChoiceEvent> {
  const cited = new Set(event.spans.flatMap((span) => span.citations))
  const sources = passages.filter((passage) => cited.has(passage.n))
  if (sources.length > 0) {
    const lines = sources.map((passage) => `[${passage.n}] ${passage.title} (${passage.path}${page(passage)})`)
    yield { index: 0, event: { type: "text", text: `\n\nSources:\n${lines.join("\n")}` } }
  }
  const citations = sources.map((passage) => ({
    n: passage.n,
    title: passage.title,
    path: passage.path,
    text: passage.text,
    document_id: passage.documentId,
    chunk_id: passage.chunkId,
  }))
  yield { index: 0, event: { type: "citations", citations } }
  const usage = event.usage ?? { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
  yield { index: 0, event: { type: "end", reason: "stop", usage, timings: { promptMs: 0, generateMs: 0 } } }
}

const page = (passage: Passage): string => (passage.page === null ? "" : `, page ${passage.page}`)

function refuseUnsupported(body: ChatCompletionRequest): void {
  const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== false
  if (body.tools && body.tools.length > 0 && body.tool_choice !== "none")
    throw badParameter("tools", "Document models call no tools.")
  if (body.response_format && body.response_format.type !== "text")
    throw badParameter("response_format", "Document models answer in text.")
  if (isSet(body.logprobs)) throw badParameter("logprobs", "Document models report no log-probabilities.")
  if ((body.n ?? 1) > 1) throw badParameter("n", "Document models give one answer.")
  if (isSet(body.stop)) throw badParameter("stop", "Document models take no stop sequences.")
}
