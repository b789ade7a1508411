import type { GenerateEvent, TokenLogprob } from "#contract/generation.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { ChoiceEvent, Citation } from "../llm.ts"

interface TextPart {
  type: "output_text"
  text: string
  annotations: unknown[]
  logprobs: unknown[]
}
type ItemStatus = "in_progress" | "completed" | "incomplete"
interface MessageItem {
  type: "message"
  id: string
  status: ItemStatus
  role: "assistant"
  content: TextPart[]
}
interface ReasoningItem {
  type: "reasoning"
  id: string
  status: ItemStatus
  summary: never[]
  content: { type: "reasoning_text"; text: string }[]
}
interface CallItem {
  type: "function_call"
  id: string
  status: ItemStatus
  call_id: string
  name: string
  arguments: string
}
export type OutputItem = MessageItem | ReasoningItem | CallItem

export interface ResponseObject {
  id: string
  object: "response"
  status: "in_progress" | "completed" | "incomplete" | "failed"
  error: { code: string; message: string } | null
  incomplete_details: { reason: "max_output_tokens" } | null
  output: OutputItem[]
  usage: unknown
  /** What the request said, given back. */
  [field: string]: unknown
}

/** A typed event of the stream; `response` on the first two and the last. */
export type ResponseEvent = { type: string; response?: ResponseObject; [field: string]: unknown }

/**
 * The typed events of one response, numbered by the stream's writer. The last is `response.completed` or `response.incomplete` and carries
 * the whole response, so an answer that is not streamed is the last event's. A failing source throws.
 * Reference: https://platform.openai.com/docs/api-reference/responses-streaming
 */
export async function* responseEvents(
  source: AsyncIterable<ChoiceEvent>,
  begun: ResponseObject,
): AsyncGenerator<ResponseEvent> {
  yield { type: "response.created", response: begun }
  yield { type: "response.in_progress", response: begun }
  const output: OutputItem[] = []
  let open: OpenItem | null = null
  let end: (GenerateEvent & { type: "end" }) | null = null
  for await (const { event } of source) {
    if (event.type === "prompt-progress") continue
    if (event.type === "end") {
      end = event
      continue
    }
    if (event.type === "citations") {
      if (open?.cite) yield* open.cite(event.citations)
      continue
    }
    if (!open?.takes(event)) {
      if (open) yield* open.close("completed")
      open = openItem(event, output.length)
      output.push(open.item)
      yield* open.begin()
    }
    yield* open.add(event)
  }
  // A source that ends without saying so has failed: a half answer must not look whole.
  if (!end) throw new AppError("engine.failed", "The model ended without an end.")
  const status = end.reason === "length" ? "incomplete" : "completed"
  if (open) yield* open.close(status)
  const response: ResponseObject = {
    ...begun,
    status,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    output,
    usage: {
      input_tokens: end.usage.promptTokens,
      input_tokens_details: { cached_tokens: end.usage.cachedTokens },
      output_tokens: end.usage.completionTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: end.usage.promptTokens + end.usage.completionTokens,
    },
  }
  yield { type: `response.${status}`, response }
}

type WrittenEvent = GenerateEvent & { type: "text" | "reasoning" | "tool-call" }

/** The item that is being written: its events, and the item as it stands. */
interface OpenItem {
  item: OutputItem
  takes(event: WrittenEvent): boolean
  begin(): Generator<ResponseEvent>
  add(event: WrittenEvent): Generator<ResponseEvent>
  cite?(citations: Citation[]): Generator<ResponseEvent>
  close(status: "completed" | "incomplete"): Generator<ResponseEvent>
}

function openItem(event: WrittenEvent, index: number): OpenItem {
  if (event.type === "text") return openMessage(index)
  return event.type === "reasoning" ? openReasoning(index) : openCall(event, index)
}

function openMessage(index: number): OpenItem {
  const part: TextPart = { type: "output_text", text: "", annotations: [], logprobs: [] }
  const item: MessageItem = {
    type: "message",
    id: `msg_${newId()}`,
    status: "in_progress",
    role: "assistant",
    content: [],
  }
  const place = { item_id: item.id, output_index: index, content_index: 0 }
  return {
    item,
    takes: (event) => event.type === "text",
    *begin() {
      yield { type: "response.output_item.added", output_index: index, item: structuredClone(item) }
      yield { type: "response.content_part.added", ...place, part: structuredClone(part) }
      item.content.push(part)
    },
    *add(event) {
      if (event.type !== "text") return
      const logprobs = (event.logprobs ?? []).map(wireLogprob)
      part.text += event.text
      part.logprobs.push(...logprobs)
      yield { type: "response.output_text.delta", ...place, delta: event.text, logprobs }
    },
    *cite(citations) {
      for (const annotation of annotationsOf(part.text, citations)) {
        const annotationIndex = part.annotations.push(annotation) - 1
        yield { type: "response.output_text.annotation.added", ...place, annotation_index: annotationIndex, annotation }
      }
    },
    *close(status) {
      item.status = status
      yield { type: "response.output_text.done", ...place, text: part.text, logprobs: part.logprobs }
      yield { type: "response.content_part.done", ...place, part }
      yield { type: "response.output_item.done", output_index: index, item }
    },
  }
}

function openReasoning(index: number): OpenItem {
  const part = { type: "reasoning_text" as const, text: "" }
  const item: ReasoningItem = {
    type: "reasoning",
    id: `rs_${newId()}`,
    status: "in_progress",
    summary: [],
    content: [],
  }
  const place = { item_id: item.id, output_index: index, content_index: 0 }
  return {
    item,
    takes: (event) => event.type === "reasoning",
    *begin() {
      yield { type: "response.output_item.added", output_index: index, item: structuredClone(item) }
      item.content.push(part)
    },
    *add(event) {
      if (event.type !== "reasoning") return
      part.text += event.text
      yield { type: "response.reasoning_text.delta", ...place, delta: event.text }
    },
    *close(status) {
      item.status = status
      yield { type: "response.reasoning_text.done", ...place, text: part.text }
      yield { type: "response.output_item.done", output_index: index, item }
    },
  }
}

function openCall(first: GenerateEvent & { type: "tool-call" }, index: number): OpenItem {
  const item: CallItem = {
    type: "function_call",
    id: `fc_${newId()}`,
    status: "in_progress",
    call_id: first.id,
    name: first.name,
    arguments: "",
  }
  const place = { item_id: item.id, output_index: index }
  return {
    item,
    takes: (event) => event.type === "tool-call" && event.index === first.index,
    *begin() {
      yield { type: "response.output_item.added", output_index: index, item: structuredClone(item) }
    },
    *add(event) {
      if (event.type !== "tool-call" || event.argumentsDelta === "") return
      item.arguments += event.argumentsDelta
      yield { type: "response.function_call_arguments.delta", ...place, delta: event.argumentsDelta }
    },
    *close(status) {
      item.status = status
      yield { type: "response.function_call_arguments.done", ...place, name: item.name, arguments: item.arguments }
      yield { type: "response.output_item.done", output_index: index, item }
    },
  }
}

const wireLogprob = ({ top, ...token }: TokenLogprob): unknown => ({ ...token, top_logprobs: top })

/** Each mark such as `[2]` in the text points to the document that its passage is of. */
function annotationsOf(text: string, citations: Citation[]): unknown[] {
  const byNumber = new Map(citations.map((citation) => [citation.n, citation]))
  return [...text.matchAll(/\[(\d+)\]/g)].flatMap((mark) => {
    const cited = byNumber.get(Number(mark[1]))
    return cited
      ? [{ type: "file_citation", index: mark.index, file_id: cited.document_id, filename: cited.title }]
      : []
  })
}
