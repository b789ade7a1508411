import type { LlamaText, Token } from "node-llama-cpp"
import { AppError } from "#core/errors.ts"
import type { OpenModel, Slot } from "./model.ts"
import { tokenizePrompt } from "./prompt.ts"

/** Tokens evaluated between two looks at the signal: about a second of a 1.5B model on two slow cores. */
const SLICE_TOKENS = 64

export interface PreparedPrompt {
  slot: Slot
  tokens: Token[]
  /** Tokens at the front that were already evaluated. */
  cachedTokens: number
}

/**
 * Picks the slot for a prompt: the conversation's own, else the one where starting costs least, counting what would be evaluated anew
 * and half of what another conversation would lose. Throws `llm.context-exceeded`.
 */
export function takeSlot(open: OpenModel, text: LlamaText, cacheKey: string | undefined): PreparedPrompt {
  const candidates = open.slots.map((slot) => {
    const tokens = tokenizePrompt(open, text, slot)
    const reusable = slot.sequence.compareContextTokens(tokens.slice(0, -1)).firstDifferentIndex
    const isOwn = cacheKey !== undefined && slot.cacheKey === cacheKey
    const lost = slot.sequence.nextTokenIndex - reusable
    return { slot, tokens, cachedTokens: reusable, cost: isOwn ? -1 : tokens.length - reusable + lost / 2 }
  })
  candidates.sort((a, b) => a.cost - b.cost || a.slot.usedAt - b.slot.usedAt)
  const { slot, tokens, cachedTokens } = candidates[0]!
  const { contextTokens } = open.info
  if (tokens.length >= contextTokens)
    throw new AppError(
      "llm.context-exceeded",
      `The prompt has ${tokens.length} tokens; the model's context holds ${contextTokens}.`,
      {
        remedy: "Shorten the message or the conversation, or choose a model with a larger context.",
        details: { promptTokens: tokens.length, contextTokens },
      },
    )
  if (slot.cacheKey !== cacheKey || cacheKey === undefined) slot.answers = []
  slot.cacheKey = cacheKey
  slot.usedAt = Math.max(...open.slots.map(({ usedAt }) => usedAt)) + 1
  return { slot, tokens, cachedTokens }
}

/**
 * Evaluates a prompt up to its last slice, which the caller evaluates together with the first sampling.
 * Native evaluation ignores aborts, so the signal is looked at between slices.
 */
export async function prefill(
  { slot, tokens }: PreparedPrompt,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<{ cachedTokens: number; rest: Token[] }> {
  const { sequence } = slot
  await sequence.adaptStateToTokens(tokens.slice(0, -1), false)
  // Models with a sliding window may have had to forget more than asked.
  const cachedTokens = sequence.nextTokenIndex
  let done = cachedTokens
  onProgress(done, tokens.length)
  while (tokens.length - done > SLICE_TOKENS) {
    signal.throwIfAborted()
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(done, done + SLICE_TOKENS))
    // The message that cancels arrives through the event loop.
    await new Promise(setImmediate)
    done += SLICE_TOKENS
    onProgress(done, tokens.length)
  }
  signal.throwIfAborted()
  return { cachedTokens, rest: tokens.slice(done) }
}
