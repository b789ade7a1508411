import type { Message } from "#contract/conversations.ts"
import type { DatasetRecipe, RowKind } from "#contract/datasets.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { Store } from "#store/types.ts"

/** What could become a row, before anything is masked or left out. */
export interface Candidate {
  kind: RowKind
  question: string
  /** Passages the answer stands on. */
  context: string
  answer: string
  /** Conversations and documents it comes from: what shares one stays on one side of the split. */
  origins: string[]
  at: number
}

export interface Collected {
  candidates: Candidate[]
  leftOut: Record<string, number>
  conversations: number
  documents: number
}

export interface CollectDeps {
  store: Pick<Store, "conversations" | "messages" | "collections" | "documents" | "chunks">
  /** The known voice of a person. What other voices said is not theirs to give. */
  voiceOf(actor: Actor): string | null
}

/** Reads what is the actor's own. Shared things of others never take part. */
export async function collectRows(
  actor: Actor,
  recipe: DatasetRecipe,
  { store, voiceOf }: CollectDeps,
  report: (current: string) => void,
  signal: AbortSignal,
): Promise<Collected> {
  const collected: Collected = { candidates: [], leftOut: {}, conversations: 0, documents: 0 }
  const leave = (why: string): void => {
    collected.leftOut[why] = (collected.leftOut[why] ?? 0) + 1
  }
  if (recipe.sources.conversations) {
    for await (const { id, title, sharedBy } of paged((cursor) =>
      store.conversations.list(actor, { limit: 200, ...cursor }),
    )) {
      signal.throwIfAborted()
      if (sharedBy) continue
      report(title)
      collected.conversations++
      const messages: Message[] = []
      for await (const message of paged((cursor) => store.messages.list(actor, id, { limit: 5000, ...cursor })))
        messages.push(message)
      const byId = new Map(messages.map((message) => [message.id, message]))
      for (const message of messages) {
        const question = message.parentId === null ? undefined : byId.get(message.parentId)
        if (message.role !== "assistant" || question?.role !== "user") continue
        const why = reasonAgainst(message, question, recipe, voiceOf(actor))
        if (why) leave(why)
        else collected.candidates.push(toCandidate(message, question, id))
      }
    }
  }
  for (const collectionId of recipe.sources.collectionIds) {
    const collection = await store.collections.get(actor, collectionId)
    if (collection.sharedBy)
      throw new AppError("collection.not-found", "This collection is somebody else's.", {
        remedy: "Choose collections of your own.",
      })
    for await (const document of paged((cursor) =>
      store.documents.list(actor, { collectionId, status: "ready", limit: 200, ...cursor }),
    )) {
      signal.throwIfAborted()
      report(document.title)
      collected.documents++
      for (const chunk of await store.chunks.byDocument(actor, document.id))
        collected.candidates.push({
          kind: "passage",
          question: `What does “${document.title}” say${chunk.headingPath.length > 0 ? ` about ${chunk.headingPath.join(", ")}` : ""}?`,
          context: "",
          answer: chunk.text,
          origins: [`document ${document.id}`],
          at: document.updatedAt,
        })
    }
  }
  return collected
}

function reasonAgainst(answer: Message, question: Message, recipe: DatasetRecipe, voice: string | null): string | null {
  if (answer.endReason !== "complete" && answer.endReason !== "not-found") return "unfinished"
  if (answer.feedback === "down") return "disliked"
  if (recipe.answers === "liked" && answer.feedback !== "up") return "notLiked"
  if (answer.createdAt < recipe.since) return "tooOld"
  // What somebody else, or a voice nobody knows, said is not the person's to hand on.
  if (question.kind === "voice" && question.speaker !== undefined && (question.speaker?.id ?? null) !== voice)
    return "otherVoice"
  return null
}

function toCandidate(message: Message, question: Message, conversationId: string): Candidate {
  const cited = new Set(message.spans.flatMap(({ citations }) => citations))
  const passages = message.passages.filter(({ n }) => cited.has(n))
  const isRefusal = message.endReason === "not-found"
  return {
    kind: isRefusal ? "refusal" : passages.length > 0 ? "grounded" : "answer",
    question: question.text,
    context: isRefusal ? "" : passages.map(({ n, title, text }) => `[${n}] ${title}\n${text}`).join("\n\n"),
    answer: message.text,
    origins: [`conversation ${conversationId}`, ...passages.map(({ documentId }) => `document ${documentId}`)],
    at: message.createdAt,
  }
}

async function* paged<T>(
  read: (cursor: { cursor?: string }) => Promise<{ items: T[]; next: string | null }>,
): AsyncGenerator<T> {
  let cursor: string | undefined
  do {
    const page = await read(cursor === undefined ? {} : { cursor })
    yield* page.items
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
}
