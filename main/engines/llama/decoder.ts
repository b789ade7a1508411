import {
  type LlamaGrammar,
  LlamaGrammarEvaluationState,
  type SequenceEvaluateOptions,
  type Token,
} from "node-llama-cpp"
import type { GenerateRequest, TokenLogprob } from "../types.ts"
import type { OpenModel, Slot } from "./model.ts"

export interface DecodedToken {
  /** Text this token completes; empty while a character is still in pieces. */
  text: string
  logprob?: TokenLogprob
}

/** Samples token by token from where the prompt ended, and can be led: under a grammar, or by putting tokens in the model's mouth. */
export interface Decoder {
  /** The next token, or undefined when the model ends its turn. Throws `signal.reason`. */
  next(): Promise<DecodedToken | undefined>
  /** Only text of this grammar is sampled from now on; undefined lifts it. */
  constrain(grammar: LlamaGrammar | undefined): void
  /** Keeps the first `count` tokens of the answer and continues after `tokens`. */
  continueFrom(count: number, tokens: Token[]): Promise<void>
  /** How many tokens of the answer lie wholly inside its first `length` characters. */
  countWithin(length: number): number
  /** The answer so far: its tokens, and the text length after each. */
  readonly tokens: readonly Token[]
  readonly ends: readonly number[]
  /** Tokens sampled, forced ones not counted. */
  readonly sampled: number
  close(): Promise<void>
}

export function createDecoder(
  open: OpenModel,
  slot: Slot,
  prompt: readonly Token[],
  rest: Token[],
  request: GenerateRequest,
  signal: AbortSignal,
): Decoder {
  const { model } = open
  const { sequence } = slot
  const tokens: Token[] = []
  const ends: number[] = []
  let length = 0
  let incomplete: Token[] = []
  let sampled = 0
  let grammarState: LlamaGrammarEvaluationState | undefined
  let input = rest
  const wantsLogprobs = request.topLogprobs !== undefined
  const options: SequenceEvaluateOptions = {
    ...samplingOptions(request, tokens),
    grammarEvaluationState: () => grammarState,
    yieldEogToken: true,
  }
  const openStream = () => sequence.evaluateWithMetadata(input, { probabilities: wantsLogprobs }, options)
  let stream: ReturnType<typeof openStream> | undefined

  const append = (token: Token): string => {
    incomplete.push(token)
    const recent = tokens.length >= 8 ? tokens.slice(-8) : [...prompt.slice(-4), ...tokens].slice(-8)
    let text = visibleText(open, incomplete, recent)
    // A character of up to four bytes may span tokens; longer runs are simply broken text.
    if (text.endsWith("\uFFFD") && incomplete.length < 4) text = ""
    else incomplete = []
    tokens.push(token)
    length += text.length
    ends.push(length)
    return text
  }

  return {
    async next() {
      signal.throwIfAborted()
      stream ??= openStream()
      const { value, done } = await stream.next()
      signal.throwIfAborted()
      if (done || model.isEogToken(value.token)) return undefined
      sampled++
      const text = append(value.token)
      return "probabilities" in value && value.probabilities instanceof Map
        ? { text, logprob: describeLogprob(open, value.token, value.probabilities, request.topLogprobs ?? 0) }
        : { text }
    },
    constrain(grammar) {
      grammarState = grammar && new LlamaGrammarEvaluationState({ model, grammar })
    },
    async continueFrom(count, forced) {
      await stream?.return()
      stream = undefined
      tokens.length = count
      ends.length = count
      length = ends.at(-1) ?? 0
      incomplete = []
      for (const token of forced) append(token)
      const all = [...prompt, ...tokens]
      await sequence.adaptStateToTokens(all.slice(0, -1), false)
      input = all.slice(sequence.nextTokenIndex)
    },
    countWithin(limit) {
      let count = 0
      while (count < ends.length && ends[count]! <= limit) count++
      return count
    },
    tokens,
    ends,
    get sampled() {
      return sampled
    },
    async close() {
      await stream?.return()
    },
  }
}

/** The defaults beside `temperature` are llama.cpp's own. */
function samplingOptions(request: GenerateRequest, generated: readonly Token[]): SequenceEvaluateOptions {
  const { temperature = 0.7, topP = 0.95, topK = 40, minP = 0.05, seed } = request
  const { presencePenalty = 0, frequencyPenalty = 0, repeatPenalty = 1 } = request
  const hasPenalty = presencePenalty !== 0 || frequencyPenalty !== 0 || repeatPenalty !== 1
  return {
    temperature,
    topP,
    topK,
    minP,
    ...(seed === undefined ? {} : { seed: seed >>> 0 }),
    ...(hasPenalty
      ? {
          repeatPenalty: {
            punishTokens: () => generated.slice(-PENALTY_TOKENS),
            maxPunishTokens: PENALTY_TOKENS,
            penalty: repeatPenalty,
            frequencyPenalty,
            presencePenalty,
          },
        }
      : {}),
  }
}

const PENALTY_TOKENS = 256

/** Special tokens show only where they mean something to us: reasoning and tool-call marks. */
function visibleText(open: OpenModel, tokens: readonly Token[], recent: readonly Token[]): string {
  const { model } = open
  if (tokens.length === 1 && model.isSpecialToken(tokens[0])) {
    const text = model.detokenize(tokens, true)
    return /^<\/?(think|tool_call|tools?)>$|^\[TOOL_CALLS\]$|^<\|(tool_call|python_tag).*\|>$/.test(text) ? text : ""
  }
  return model.detokenize(tokens, false, recent)
}

function describeLogprob(open: OpenModel, token: Token, probabilities: Map<Token, number>, top: number): TokenLogprob {
  const describe = (item: Token, probability: number) => {
    const text = open.model.detokenize([item], true)
    return { token: text, logprob: Math.log(Math.max(probability, 1e-30)), bytes: [...Buffer.from(text, "utf8")] }
  }
  const best = [...probabilities].sort((a, b) => b[1] - a[1]).slice(0, top)
  return {
    ...describe(token, probabilities.get(token) ?? 0),
    top: best.map(([item, probability]) => describe(item, probability)),
  }
}
