import type { TurnEventBody } from "#contract/turns.ts"
import type { Memories } from "#rag/memory/memories.ts"
import { memoryAnswer, withProposal } from "./memory/memoryAnswer.ts"
import { recogniseMemory } from "./memory/recogniseMemory.ts"
import type { AnswerInput } from "./runTurn.ts"
import { sourceAnswer } from "./sourceAnswer.ts"
import { recogniseTool } from "./tools/recogniseTool.ts"
import { toolAnswer } from "./tools/toolAnswer.ts"

export interface AnswerRoutes {
  memories: Memories
  /** Answers by reading whole documents what the best few passages cannot answer. Returns whether it did. */
  whole(input: AnswerInput, signal: AbortSignal): AsyncGenerator<TurnEventBody, boolean>
  /** What the clock says. Default: the system's. */
  now?(): Date
  /** Everything else. */
  answer(input: AnswerInput, signal: AbortSignal): AsyncIterable<TurnEventBody>
}

/** Recognises by rules, before anything is searched, which of the ways to an answer a message takes. */
export async function* answerRouted(
  input: AnswerInput,
  routes: AnswerRoutes,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const sources = sourceAnswer(input.question, input.history)
  if (sources) {
    yield* sources
    return
  }
  const tool = recogniseTool(input.question)
  const worked = tool && (await toolAnswer(tool, routes.now?.() ?? new Date()))
  if (worked) {
    yield* worked
    return
  }
  const intent = input.remember === undefined ? null : recogniseMemory(input.question)
  if (intent) yield* memoryAnswer(intent, input, routes.memories, signal)
  else yield* withProposal(answered(input, routes, signal), input, routes.memories, signal)
}

async function* answered(
  input: AnswerInput,
  { whole, answer }: AnswerRoutes,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const isAnswered = yield* whole(input, signal)
  if (!isAnswered) yield* answer(input, signal)
}
