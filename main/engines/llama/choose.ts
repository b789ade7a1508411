import type { RequestContext } from "#core/host/types.ts"
import type { ChatMessage, GenerateEvent } from "../types.ts"
import type { OpenModel } from "./model.ts"
import { renderPrompt } from "./prompt.ts"
import { prefill, takeSlot } from "./slots.ts"

/** Probability of each candidate's first token after the prompt, as shares that add up to one. No token is sampled. */
export async function choose(
  open: OpenModel,
  input: { messages: ChatMessage[]; candidates: string[]; cacheKey?: string },
  { signal, emit }: RequestContext<GenerateEvent>,
): Promise<number[]> {
  const prompt = takeSlot(open, renderPrompt(open, input.messages).text, input.cacheKey)
  const { rest } = await prefill(prompt, signal, (done, total) => emit({ type: "prompt-progress", done, total }))
  const last = rest.length - 1
  const results = await prompt.slot.sequence.controlledEvaluate([
    ...rest.slice(0, last),
    [rest[last]!, { generateNext: { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } } }],
  ])
  const probabilities = results[last]?.next.probabilities
  const weights = input.candidates.map((candidate) => {
    const first = open.model.tokenize(candidate, false, "trimLeadingSpace")[0]
    return first === undefined ? 0 : (probabilities?.get(first) ?? 0)
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return total > 0 ? weights.map((weight) => weight / total) : weights.map(() => 1 / weights.length)
}
