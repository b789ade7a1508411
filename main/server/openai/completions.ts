import type { GenerateRequest, TokenLogprob } from "#contract/generation.ts"
import type { CompletionRequest } from "#contract/openai.ts"
import { newId } from "#core/ids.ts"
import type { RequestInfo } from "../handlers.ts"
import { type CompletionDeps, createUsage, finishReason, generateChoices } from "./chatCompletions.ts"
import { samplingOf } from "./chatRequest.ts"
import type { ServerLlm } from "./llm.ts"
import { badParameter } from "./openAiErrors.ts"
import { type OpenAiReply, untilFirst } from "./openAiReply.ts"

/** `POST /v1/completions`. The prompt is put to the model as a user's message: chat models have no other way in. */
export async function textCompletion(
  body: CompletionRequest,
  info: RequestInfo,
  deps: CompletionDeps,
): Promise<OpenAiReply> {
  const prompts = promptsOf(body)
  refuseUnsupported(body)
  const llm = await deps.openAi.llm(body.model)
  const pieces = generatePieces(llm, body, prompts, info.signal)
  const head = { id: `cmpl-${newId()}`, created: Math.floor(deps.clock.now() / 1000), model: body.model }
  if (body.stream) {
    const includesUsage = body.stream_options?.include_usage === true
    return { kind: "events", events: chunks(await untilFirst(pieces), head, includesUsage), isClosedByDone: true }
  }
  const choices = Array.from({ length: prompts.length * (body.n ?? 1) }, () => ({
    text: "",
    logprobs: [] as TokenLogprob[],
    finish: "stop",
  }))
  let usage: unknown
  for await (const piece of pieces) {
    const choice = choices[piece.index]
    if (choice) {
      choice.text += piece.text
      choice.logprobs.push(...piece.logprobs)
      choice.finish = piece.finish ?? choice.finish
    }
    usage = piece.usage ?? usage
  }
  return {
    kind: "json",
    value: {
      ...head,
      object: "text_completion",
      choices: choices.map(({ text, logprobs, finish }, index) => ({
        text,
        index,
        logprobs: typeof body.logprobs === "number" ? legacyLogprobs(logprobs) : null,
        finish_reason: finish,
      })),
      usage,
    },
  }
}

interface Piece {
  index: number
  text: string
  logprobs: TokenLogprob[]
  finish: string | null
  /** On the very last piece. */
  usage?: unknown
}

async function* generatePieces(
  llm: ServerLlm,
  body: CompletionRequest,
  prompts: string[],
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const perPrompt = body.n ?? 1
  const totals = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  for (const [place, prompt] of prompts.entries()) {
    const request: GenerateRequest = {
      messages: [{ role: "user", content: prompt }],
      ...samplingOf(body),
      ...(typeof body.max_tokens === "number" ? { maxTokens: body.max_tokens } : {}),
      ...(typeof body.logprobs === "number" ? { topLogprobs: body.logprobs } : {}),
    }
    const usage = createUsage()
    const echoed = new Set<number>()
    for await (const { index, event } of generateChoices(llm, request, perPrompt, signal)) {
      const at = place * perPrompt + index
      if (body.echo && !echoed.has(at)) {
        echoed.add(at)
        yield { index: at, text: prompt, logprobs: [], finish: null }
      }
      if (event.type === "text") yield { index: at, text: event.text, logprobs: event.logprobs ?? [], finish: null }
      else if (event.type === "end") {
        usage.add(event)
        yield { index: at, text: "", logprobs: [], finish: finishReason(event.reason) }
      }
    }
    const value = usage.value()
    totals.prompt_tokens += value.prompt_tokens
    totals.completion_tokens += value.completion_tokens
    totals.total_tokens += value.total_tokens
  }
  yield { index: 0, text: "", logprobs: [], finish: null, usage: totals }
}

async function* chunks(
  pieces: AsyncIterable<Piece>,
  head: { id: string; created: number; model: string },
  includesUsage: boolean,
): AsyncGenerator<unknown> {
  const base = { ...head, object: "text_completion" }
  for await (const { index, text, logprobs, finish, usage } of pieces) {
    if (usage !== undefined) {
      if (includesUsage) yield { ...base, choices: [], usage }
      continue
    }
    yield {
      ...base,
      choices: [
        { text, index, logprobs: logprobs.length > 0 ? legacyLogprobs(logprobs) : null, finish_reason: finish },
      ],
      ...(includesUsage ? { usage: null } : {}),
    }
  }
}

function promptsOf(body: CompletionRequest): string[] {
  const { prompt } = body
  if (typeof prompt === "string") return [prompt]
  const texts = (prompt ?? []).filter((item) => typeof item === "string")
  if (texts.length === 0 || texts.length !== prompt?.length)
    throw badParameter("prompt", "`prompt` is a text or an array of texts. Token ids differ between models.")
  return texts
}

function refuseUnsupported(body: CompletionRequest): void {
  if (body.suffix) throw badParameter("suffix", "`suffix` is not supported.")
  if ((body.best_of ?? 1) > 1) throw badParameter("best_of", "`best_of` is not supported. Use `n`.")
  if (body.logit_bias && Object.keys(body.logit_bias).length > 0)
    throw badParameter("logit_bias", "`logit_bias` is not supported: token ids differ between models.")
  if (body.model.startsWith("rag/")) throw badParameter("model", "Document models answer at /v1/chat/completions.")
}

const legacyLogprobs = (items: TokenLogprob[]): unknown => {
  let offset = 0
  return {
    tokens: items.map((item) => item.token),
    token_logprobs: items.map((item) => item.logprob),
    top_logprobs: items.map((item) => Object.fromEntries(item.top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: items.map((item) => {
      const at = offset
      offset += item.token.length
      return at
    }),
  }
}
