import { AppError } from "#core/errors.ts"
import type { ChatMessage, GenerateEvent, GenerateRequest, Llm, LoadState } from "../types.ts"

/** One scripted answer. */
export interface FakeReply {
  /** Shown piece by piece: split after each space, unless given as pieces. */
  text?: string | string[]
  reasoning?: string
  toolCalls?: { name: string; arguments: string }[]
  /** Pauses before the piece of this index until the promise settles; the abort signal still ends the wait. */
  hold?: { before: number; until: Promise<void> }
  /** After this many pieces: the engine crashes, hangs until aborted, or fails with an error of your choice. */
  breakAfter?: { pieces: number; how: "crash" | "hang" | AppError }
  /** Default `stop`, or `tool-calls` when there are some. */
  reason?: "stop" | "length"
}

export interface FakeLlmScript {
  modelId?: string
  /** Default 4096. */
  contextTokens?: number
  hasTools?: boolean
  /** Answers in order, the last one again and again; or one made from the request. Default: repeats the last message. */
  replies?: FakeReply[] | ((request: GenerateRequest) => FakeReply)
  /** Shares for `choose`. Default: all equal. */
  choose?: (messages: ChatMessage[], candidates: string[]) => number[]
  /** Thrown by `load`. */
  loadError?: AppError
}

export interface FakeLlm extends Llm {
  /** Everything asked of `generate`, in order. */
  readonly requests: GenerateRequest[]
}

/** An Llm without a model: deterministic, no timers, a token is a word. Knows prompts by prefix per cacheKey, as the real one does. */
export function createFakeLlm(script: FakeLlmScript = {}): FakeLlm {
  const { modelId = "fake-llm", contextTokens = 4096, hasTools = true } = script
  const requests: GenerateRequest[] = []
  const cached = new Map<string, string[]>()
  let state: LoadState = "unloaded"

  const load = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (script.loadError) throw script.loadError
    state = "loaded"
  }
  const nextReply = (request: GenerateRequest): FakeReply => {
    if (typeof script.replies === "function") return script.replies(request)
    const replies = script.replies ?? []
    return replies[Math.min(requests.length, replies.length) - 1] ?? { text: request.messages.at(-1)?.content ?? "" }
  }

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    await load(signal)
    requests.push(structuredClone(request))
    const prompt = words(promptText(request.messages))
    if (prompt.length >= contextTokens)
      throw new AppError(
        "llm.context-exceeded",
        `The prompt has ${prompt.length} tokens; the model's context holds ${contextTokens}.`,
      )
    const before = cached.get(request.cacheKey ?? "") ?? []
    const firstDifference = prompt.findIndex((word, index) => word !== before[index])
    const cachedTokens = firstDifference < 0 ? Math.max(0, prompt.length - 1) : firstDifference
    yield { type: "prompt-progress", done: prompt.length, total: prompt.length }
    const reply = nextReply(request)
    if (reply.reasoning) yield { type: "reasoning", text: reply.reasoning }
    const pieces = typeof reply.text === "string" ? words(reply.text) : (reply.text ?? [])
    const limit = Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, contextTokens - prompt.length)
    let shown = ""
    let count = 0
    let reason: Extract<GenerateEvent, { type: "end" }>["reason"] = reply.reason ?? "stop"
    for (const piece of pieces) {
      await breakIfScripted(reply, count, signal)
      if (reply.hold?.before === count) await untilAborted(reply.hold.until, signal)
      signal.throwIfAborted()
      if (count >= limit) {
        reason = "length"
        break
      }
      const stopAt = earliest(shown + piece, request.stop)
      const text = stopAt < 0 ? piece : piece.slice(0, Math.max(0, stopAt - shown.length))
      shown += text
      count++
      if (text !== "") yield { type: "text", text }
      if (stopAt >= 0) break
    }
    await breakIfScripted(reply, count, signal)
    for (const [index, call] of (reply.toolCalls ?? []).entries()) {
      yield {
        type: "tool-call",
        index,
        id: `call_${requests.length}_${index}`,
        name: call.name,
        argumentsDelta: call.arguments,
      }
      reason = "tool-calls"
    }
    const answered: ChatMessage[] = [...request.messages, { role: "assistant", content: shown }]
    if (request.cacheKey !== undefined) cached.set(request.cacheKey, words(promptText(answered)))
    yield {
      type: "end",
      reason,
      usage: { promptTokens: prompt.length, cachedTokens, completionTokens: count },
      timings: { promptMs: 0, generateMs: 0 },
    }
  }

  return {
    modelId,
    isFallback: false,
    requests,
    loadState: () => state,
    load,
    async unload() {
      state = "unloaded"
    },
    async info(signal) {
      await load(signal)
      return { modelId, contextTokens, hasTools }
    },
    async countTokens(texts) {
      return texts.map((text) => words(text).length)
    },
    async countPromptTokens(messages) {
      return words(promptText(messages)).length
    },
    generate,
    async choose(messages, candidates, signal) {
      await load(signal)
      return script.choose?.(messages, candidates) ?? candidates.map(() => 1 / candidates.length)
    },
  }
}

/** Words with the white space that follows them. */
const words = (text: string): string[] => text.match(/\s*\S+\s?|\s+$/g) ?? []

const promptText = (messages: ChatMessage[]): string =>
  messages.map(({ role, content }) => `${role}: ${content}\n`).join("")

function earliest(text: string, stops: string[] | undefined): number {
  const found = (stops ?? []).map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
  return found.length > 0 ? Math.min(...found) : -1
}

async function breakIfScripted({ breakAfter }: FakeReply, count: number, signal: AbortSignal): Promise<void> {
  if (breakAfter?.pieces !== count) return
  if (breakAfter.how === "crash") throw new AppError("engine.crashed", "The llm engine crashed (scripted).")
  if (breakAfter.how === "hang") return untilAborted(new Promise<void>(() => {}), signal)
  throw breakAfter.how
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener("abort", onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort))
  })
}
