import { randomUUID } from "node:crypto"
import { type GbnfJsonSchema, isLlamaText, type LlamaGrammar } from "node-llama-cpp"
import { AppError } from "#core/errors.ts"
import type { RequestContext } from "#core/host/types.ts"
import type { GenerateEvent, GenerateRequest, TokenLogprob, ToolDefinition } from "../types.ts"
import { createDecoder, type Decoder } from "./decoder.ts"
import { toGrammarSchema } from "./grammarSchema.ts"
import { createJsonEndFinder } from "./jsonEnd.ts"
import { createTextMerger } from "./mergeText.ts"
import type { OpenModel, Slot } from "./model.ts"
import { hasParameters, plainText, renderPrompt } from "./prompt.ts"
import { prefill, takeSlot } from "./slots.ts"
import { createTextGate, type TextGate } from "./textGate.ts"
import { bareMarks, type ToolSyntax, toolSyntaxOf } from "./toolSyntax.ts"

type EndReason = Extract<GenerateEvent, { type: "end" }>["reason"]

/** Runs one request from prompt to `end` event. Throws `llm.*` or `signal.reason`. */
export async function generate(
  open: OpenModel,
  request: GenerateRequest,
  { signal, emit }: RequestContext<GenerateEvent>,
): Promise<void> {
  const tools = request.toolChoice === "none" ? [] : (request.tools ?? [])
  const grammar = await responseGrammar(open, request)
  const startedAt = performance.now()
  const rendered = renderPrompt(open, request.messages, tools)
  const prompt = takeSlot(open, rendered.text, request.cacheKey)
  const { slot, tokens } = prompt
  const { cachedTokens, rest } = await prefill(prompt, signal, (done, total) =>
    emit({ type: "prompt-progress", done, total }),
  )
  const room = open.info.contextTokens - tokens.length
  const decoder = createDecoder(open, slot, tokens, rest, request, signal)
  const merger = createTextMerger(emit)
  const answer: Answer = {
    decoder,
    emit: merger.emit,
    maxTokens: Math.min(request.maxTokens ?? room, room),
    firstTokenAt: undefined,
    isPlain: true,
    shown: 0,
    logprobs: [],
    calls: 0,
    text: "",
  }
  let reason: EndReason
  try {
    if (answer.maxTokens < 1) reason = "length"
    else if (grammar) reason = await writeJson(answer, grammar, request.stop ?? [])
    else reason = await writeFreely(answer, open, request, tools, rendered.stops, rendered.text.toString())
  } finally {
    merger.flush()
    await decoder.close()
  }
  if (answer.isPlain) remember(slot, answer)
  const now = performance.now()
  const firstTokenAt = answer.firstTokenAt ?? now
  emit({
    type: "end",
    reason,
    usage: { promptTokens: tokens.length, cachedTokens, completionTokens: decoder.sampled },
    timings: { promptMs: firstTokenAt - startedAt, generateMs: now - firstTokenAt },
  })
}

interface Answer {
  decoder: Decoder
  emit: (event: GenerateEvent) => void
  maxTokens: number
  firstTokenAt: number | undefined
  /** Nothing but shown text so far: such an answer can be put back into a later prompt token by token. */
  isPlain: boolean
  /** Characters of the answer that were shown or passed over. */
  shown: number
  /** Of tokens not shown yet, with where they end. */
  logprobs: { end: number; logprob: TokenLogprob }[]
  calls: number
  text: string
}

/** The next token, "length" when the limit is reached, undefined when the model ended. */
async function sample(answer: Answer): Promise<{ text: string } | "length" | undefined> {
  if (answer.decoder.sampled >= answer.maxTokens) return "length"
  const token = await answer.decoder.next()
  answer.firstTokenAt ??= performance.now()
  if (token?.logprob) answer.logprobs.push({ end: answer.decoder.ends.at(-1)!, logprob: token.logprob })
  return token
}

function show(answer: Answer, text: string): void {
  answer.shown += text.length
  const { shown } = answer
  const ready = answer.logprobs.filter(({ end }) => end <= shown)
  answer.text += text
  if (text === "" && ready.length === 0) return
  answer.logprobs = answer.logprobs.filter(({ end }) => end > shown)
  answer.emit({ type: "text", text, ...(ready.length > 0 ? { logprobs: ready.map(({ logprob }) => logprob) } : {}) })
}

async function writeJson(answer: Answer, grammar: LlamaGrammar, stops: string[]): Promise<EndReason> {
  answer.decoder.constrain(grammar)
  const findEnd = createJsonEndFinder()
  const gate = createTextGate(stops)
  for (;;) {
    const token = await sample(answer)
    if (token === "length" || token === undefined) {
      show(answer, gate.flush())
      return token ?? "stop"
    }
    const { text, mark } = gate.push(token.text)
    const end = findEnd(text)
    if (end >= 0) {
      show(answer, text.slice(0, Math.max(0, end - answer.shown)))
      return "stop"
    }
    show(answer, text)
    if (mark !== undefined) return "stop"
  }
}

async function writeFreely(
  answer: Answer,
  open: OpenModel,
  request: GenerateRequest,
  tools: ToolDefinition[],
  templateStops: string[],
  promptText: string,
): Promise<EndReason> {
  const { decoder } = answer
  const syntax = tools.length > 0 ? toolSyntaxOf(open) : undefined
  const think = thinkMarks(open)
  const stops = new Set([...(request.stop ?? []), ...templateStops])
  const bare = bareMarks(tools.map(({ name }) => name))
  const textGate = (): TextGate => createTextGate([...stops, think.open, ...(syntax?.marks ?? []), ...bare.keys()])
  let isReasoning = promptText.trimEnd().endsWith(think.open)
  answer.isPlain = !isReasoning
  let gate = isReasoning ? createTextGate([think.close]) : textGate()
  /** Characters of the answer before what the gate has seen. */
  let passed = 0
  let skipsSpace = false

  const output = (text: string): void => {
    const visible = skipsSpace ? text.trimStart() : text
    answer.shown += text.length - visible.length
    if (visible === "") return
    skipsSpace = false
    if (isReasoning) {
      answer.emit({ type: "reasoning", text: visible })
      answer.shown += visible.length
    } else show(answer, visible)
  }
  const { toolChoice } = request
  const named = typeof toolChoice === "object" ? tools.filter(({ name }) => name === toolChoice.name) : undefined
  if (syntax && (named || toolChoice === "required")) {
    const outcome = await writeCall(answer, open, syntax, named ?? tools, 0)
    if (outcome || named) return outcome ?? "tool-calls"
    gate = textGate()
    passed = answer.shown
    skipsSpace = true
  }

  for (;;) {
    const token = await sample(answer)
    if (token === "length" || token === undefined) {
      output(gate.flush())
      return token ?? (answer.calls > 0 ? "tool-calls" : "stop")
    }
    let pending = token.text
    for (;;) {
      const { text, mark } = gate.push(pending)
      output(text)
      if (mark === undefined) break
      const markAt = passed + gate.position
      if (!isReasoning && stops.has(mark)) return answer.calls > 0 ? "tool-calls" : "stop"
      answer.isPlain = false
      const bareName = bare.get(mark)
      if (syntax && (bareName !== undefined || syntax.marks.includes(mark))) {
        if (answer.calls >= MAX_CALLS) return "tool-calls"
        const possible = bareName === undefined ? tools : tools.filter(({ name }) => name === bareName)
        const outcome = await writeCall(answer, open, syntax, possible, decoder.countWithin(markAt))
        if (outcome) return outcome
        gate = textGate()
        passed = answer.shown
        skipsSpace = true
        break
      }
      // A reasoning mark: what follows it goes through the gate of the other side.
      pending = gate.flush().slice(mark.length)
      answer.shown += mark.length
      passed = markAt + mark.length
      isReasoning = mark === think.open
      gate = isReasoning ? createTextGate([think.close]) : textGate()
      skipsSpace = true
    }
  }
}

/** A small model may call the same tool for ever. */
const MAX_CALLS = 16

/** Writes one call after the first `keep` tokens of the answer. Returns how the answer ended, if it did. */
async function writeCall(
  answer: Answer,
  open: OpenModel,
  syntax: ToolSyntax,
  tools: ToolDefinition[],
  keep: number,
): Promise<EndReason | undefined> {
  const { decoder, emit } = answer
  answer.isPlain = false
  answer.logprobs = []
  await decoder.continueFrom(keep, syntax.prefix(answer.calls === 0))
  const name = tools.length === 1 ? tools[0]!.name : await writeName(answer, open, tools)
  if (name === undefined) return "length"
  const tool = tools.find((candidate) => candidate.name === name)!
  const nameTokens = tools.length === 1 ? syntax.tokenize(name) : []
  const call = {
    type: "tool-call" as const,
    index: answer.calls++,
    id: `call_${randomUUID().replaceAll("-", "")}`,
    name,
  }
  emit({ ...call, argumentsDelta: "" })
  const before = [...nameTokens, ...syntax.betweenNameAndArguments(name)]
  let after = syntax.suffix(name)
  if (hasParameters(tool.parameters)) {
    await decoder.continueFrom(decoder.tokens.length, before)
    decoder.constrain(await schemaGrammar(open, tool.parameters, "lenient"))
    const findEnd = createJsonEndFinder()
    let written = 0
    for (let end = -1; end < 0; ) {
      const token = await sample(answer)
      if (token === "length") return "length"
      if (token === undefined) break
      end = findEnd(token.text)
      const text = end < 0 ? token.text : token.text.slice(0, Math.max(0, end - written))
      written += token.text.length
      if (text !== "") emit({ ...call, argumentsDelta: text })
    }
    decoder.constrain(undefined)
  } else {
    emit({ ...call, argumentsDelta: "{}" })
    after = [...before, ...syntax.tokenize("{}"), ...after]
  }
  answer.logprobs = []
  await decoder.continueFrom(decoder.tokens.length, after)
  answer.shown = decoder.ends.at(-1) ?? 0
  return undefined
}

/** Lets the model pick among the names; undefined when the token limit came first. */
async function writeName(answer: Answer, open: OpenModel, tools: ToolDefinition[]): Promise<string | undefined> {
  const names = tools.map(({ name }) => name)
  const alternatives = names.map((name) => JSON.stringify(name)).join(" | ")
  answer.decoder.constrain(await open.llama.createGrammar({ grammar: `root ::= ${alternatives}` }))
  let written = ""
  for (;;) {
    const token = await sample(answer)
    if (token === "length") return undefined
    written += token?.text ?? ""
    const possible = names.filter((name) => name.startsWith(written))
    if (token === undefined || possible.length <= 1) {
      const name = token === undefined ? written : possible[0]!
      answer.decoder.constrain(undefined)
      const missing = name.slice(written.length)
      if (missing !== "")
        await answer.decoder.continueFrom(
          answer.decoder.tokens.length,
          open.model.tokenize(missing, false, "trimLeadingSpace"),
        )
      return name
    }
  }
}

function thinkMarks(open: OpenModel): { open: string; close: string } {
  const thought = open.wrapper.settings.segments?.thought
  const prefix = thought?.prefix
  return {
    open: (typeof prefix === "string" || isLlamaText(prefix) ? plainText(prefix).trim() : "") || "<think>",
    close: (thought?.suffix ? plainText(thought.suffix).trim() : "") || "</think>",
  }
}

async function responseGrammar(open: OpenModel, request: GenerateRequest): Promise<LlamaGrammar | undefined> {
  const format = request.responseFormat
  if (!format || format.type === "text") return undefined
  if (format.type === "json_object")
    return open.llama.createGrammarForJsonSchema({ type: "object", additionalProperties: true })
  return schemaGrammar(open, format.schema, "strict")
}

async function schemaGrammar(
  open: OpenModel,
  schema: Record<string, unknown>,
  mode: "strict" | "lenient",
): Promise<LlamaGrammar> {
  const converted = toGrammarSchema(schema, mode)
  try {
    return await open.llama.createGrammarForJsonSchema<GbnfJsonSchema, Record<string, GbnfJsonSchema>>(converted)
  } catch (cause) {
    throw new AppError("llm.invalid-schema", "The JSON schema cannot be turned into a grammar.", {
      remedy: "Simplify the schema.",
      cause,
    })
  }
}

const KEPT_ANSWERS = 64

function remember(slot: Slot, { decoder, shown, text }: Answer): void {
  const count = decoder.countWithin(shown)
  if (count === 0) return
  const tokens = decoder.tokens.slice(0, count)
  slot.answers.push({ text, tokens, ends: decoder.ends.slice(0, count) })
  if (slot.answers.length > KEPT_ANSWERS) slot.answers.shift()
}
