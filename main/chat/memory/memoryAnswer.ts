import type { Memory } from "#contract/memory.ts"
import { longestMemory, memoryCollectionId } from "#contract/memory.ts"
import type { CitedSpan, Passage, TurnEventBody } from "#contract/turns.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { Memories } from "#rag/memory/memories.ts"
import { queryTerms } from "#rag/queryTerms.ts"
import { stemsOf } from "#rag/words.ts"
import type { AnswerInput } from "../runTurn.ts"
import { proposeFact } from "./proposeFact.ts"
import type { MemoryIntent } from "./recogniseMemory.ts"

const listed = 20

/** Answers a message that is meant for the memory: confirms what was kept, or lists what there is. */
export async function* memoryAnswer(
  intent: MemoryIntent,
  input: AnswerInput,
  memories: Memories,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  if (intent.kind === "remember") yield* remember(intent.text, input, memories, signal)
  else yield* recall(intent, input, memories, signal)
}

async function* remember(
  text: string,
  input: AnswerInput,
  memories: Memories,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const { remember: origin } = input
  if (input.isStranger) {
    yield { type: "memory", action: "proposed", memoryId: null, text }
    yield* say("I do not know your voice, so nothing was kept. Whoever sits at the window can keep it.")
    return
  }
  if (!origin) {
    yield { type: "memory", action: "refused", memoryId: null, text }
    yield* say("Nothing was kept: a temporary chat leaves no trace. Say it in a saved chat, or add it under Memory.")
    return
  }
  if (text.length > longestMemory) {
    yield { type: "memory", action: "refused", memoryId: null, text: `${text.slice(0, 80)}…` }
    yield* say(`Nothing was kept: a memory has at most ${longestMemory} characters. Add it as a document instead.`)
    return
  }
  const { memory, isNew } = await untilAborted(memories.remember(input.actor, { text, ...origin }, signal), signal)
  yield { type: "memory", action: isNew ? "stored" : "known", memoryId: memory.id, text: memory.text }
  yield* say(`${isNew ? "I’ll remember" : "I know that already"}: “${memory.text}”`)
}

async function* recall(
  intent: Exclude<MemoryIntent, { kind: "remember" }>,
  input: AnswerInput,
  memories: Memories,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  yield { type: "retrieve-start", query: input.question }
  const { items, total } = await untilAborted(memories.list(input.actor, { limit: 200 }), signal)
  const about = intent.kind === "forget" ? intent.about : intent.about
  const wanted = about === null ? null : queryTerms(about).terms.map((term) => term.stem)
  const found = items
    .map((memory) => ({
      memory,
      hits: wanted === null ? 1 : wanted.filter((stem) => stemsOf(memory.text).has(stem)).length,
    }))
    .filter(({ hits }) => hits > 0)
    .sort((a, b) => b.hits - a.hits)
    .slice(0, listed)
    .map(({ memory }, index) => asPassage(memory, index))
  yield { type: "retrieve-end", passages: found, found: found.length > 0, closest: [], embedMs: 0, searchMs: 0 }
  if (found.length === 0) {
    yield* say(
      total === 0
        ? "I have not been asked to remember anything yet. Say “Remember that …” and I will."
        : `I remember nothing about ${about}.`,
      { found: false },
    )
    return
  }
  const lead =
    intent.kind === "forget"
      ? "Nothing was forgotten yet. Open Memory to forget what you mean:"
      : `You asked me to remember${about === null ? "" : ` about ${about}`}:`
  const spans: CitedSpan[] = []
  let text = lead
  for (const { n, text: words } of found) {
    text += "\n\n- "
    const start = text.length
    text += words
    spans.push({ start, end: text.length, citations: [n], supported: true })
  }
  if (about === null && total > found.length) text += `\n\nThese are the newest ${found.length} of ${total}.`
  yield* say(text, { spans })
}

export const asPassage = (memory: Memory, index: number): Passage => ({
  n: index + 1,
  kind: "memory",
  chunkId: memory.id,
  documentId: memory.id,
  collectionId: memoryCollectionId,
  title: "Memory",
  path: "memory",
  headingPath: [],
  page: null,
  readAt: memory.updatedAt,
  text: memory.text,
  start: 0,
  end: memory.text.length,
  score: 1,
  similarity: 0,
})

/** Passes an answer's events through; after them, a fact that the message stated in passing is proposed, never kept. */
export async function* withProposal(
  events: AsyncIterable<TurnEventBody>,
  input: AnswerInput,
  memories: Memories,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  yield* events
  const fact = input.remember && !input.isRegeneration ? proposeFact(input.question) : null
  if (fact === null) return
  const { items } = await untilAborted(memories.list(input.actor, { limit: 200 }), signal)
  const known = stemsOf(fact)
  const isKnown = items.some(({ text }) => {
    const stems = stemsOf(text)
    return [...known].every((stem) => stems.has(stem))
  })
  if (!isKnown) yield { type: "memory", action: "proposed", memoryId: null, text: fact }
}

async function* say(
  text: string,
  { spans = [], found = true }: { spans?: CitedSpan[]; found?: boolean } = {},
): AsyncGenerator<TurnEventBody> {
  yield { type: "text-delta", text }
  yield { type: "text-end", model: null, text, spans, usage: null, contextTokens: 0, contextLimit: 0, found }
}
