import type { TurnEventBody, Usage } from "#contract/turns.ts"
import type { Llm } from "#engines/types.ts"
import type { createAnswerFilter } from "./answerFilter.ts"
import type { Prompt } from "./prompt.ts"
import type { AnswerInput } from "./runTurn.ts"

export interface Written {
  text: string
  usage: Usage | null
  isCut: boolean
}

/** What the model writes, shown while it is written. */
export async function* writeText(
  input: AnswerInput,
  prompt: Prompt,
  llm: Llm,
  {
    filter,
    provisional,
    ...options
  }: {
    maxTokens: number
    temperature: number
    filter?: ReturnType<typeof createAnswerFilter>
    /** The text may still be replaced. */
    provisional?: true
  },
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody, Written> {
  let text = ""
  let usage: Usage | null = null
  let isCut = false
  const delta = (part: string): TurnEventBody => ({
    type: "text-delta",
    text: part,
    ...(provisional ? { provisional } : {}),
  })
  const request = { messages: prompt.messages, cacheKey: input.cacheKey, ...options }
  let told: Llm["route"]
  for await (const event of llm.generate(request, signal)) {
    // Whoever fails before the first token is followed by another: what is told is who answers.
    if (llm.route && llm.route !== told && event.type !== "prompt-progress") {
      told = llm.route
      yield { type: "sent", route: told }
    }
    if (event.type === "prompt-progress") yield { type: "prompt-progress", done: event.done, total: event.total }
    else if (event.type === "reasoning") yield { type: "reasoning-delta", text: event.text }
    else if (event.type === "text") {
      const shown = filter ? filter.push(event.text) : event.text
      if (shown === "") continue
      text += shown
      yield delta(shown)
    } else if (event.type === "end") {
      usage = event.usage
      isCut = event.reason === "length"
    }
  }
  const rest = filter?.end() ?? ""
  if (rest !== "") {
    text += rest
    yield delta(rest)
  }
  return { text, usage, isCut }
}

export type TextEnd = Extract<TurnEventBody, { type: "text-end" }>

/** The end of a turn that the model wrote. */
export function textEnd(
  llm: Llm,
  prompt: Prompt,
  { usage, isCut }: Written,
  outcome: Pick<TextEnd, "text" | "spans" | "found" | "closest">,
): TextEnd {
  return {
    type: "text-end",
    model: llm.modelId,
    ...(llm.route ? { sent: llm.route } : {}),
    usage,
    contextTokens: prompt.promptTokens + (usage?.completionTokens ?? 0),
    contextLimit: prompt.contextTokens,
    ...(isCut ? { isCut } : {}),
    ...outcome,
  }
}
