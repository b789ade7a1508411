import type { Actor } from "#core/actor.ts"
import type { DocumentRecord, Store } from "#store/types.ts"
import { compareDocuments } from "./compareDocuments.ts"
import { countMentions } from "./countMentions.ts"
import { gatherAnswer } from "./gatherAnswer.ts"
import { latestDocument } from "./latestDocument.ts"
import { readWhole, type WholeDocument } from "./readWhole.ts"
import { recogniseWhole, type WholeQuestion } from "./recognise.ts"
import type { Library } from "./resolve.ts"
import { summarise } from "./summarise.ts"
import { type ReadProgress, type Solver, type Tools, topicWords, type WholeAnswer } from "./wholeAnswer.ts"

export interface SolveDeps {
  store: Pick<Store, "documents" | "chunks" | "collections">
}

export interface SolveRequest {
  question: string
  collectionIds: readonly string[] | null
  /** The document cited last in this conversation: "this document". */
  focusId: string | null
}

/** Documents that one answer reads. */
const mostRead = 300
const mostListed = 5000

/**
 * Answers by reading whole documents what the best few passages cannot: counts, complete lists, summaries, comparisons, the latest.
 * Yields how far reading is when that takes long. Null: the question is of another kind, or names nothing that is there.
 */
export async function* solveWhole(
  actor: Actor,
  request: SolveRequest,
  deps: SolveDeps,
  signal: AbortSignal,
): AsyncGenerator<ReadProgress, WholeAnswer | null> {
  const asked = recogniseWhole(request.question)
  if (asked === null || request.collectionIds?.length === 0) return null
  const library = await libraryOf(actor, request, deps)
  if (library.documents.length === 0) return null
  const tools: Tools = {
    library,
    async *read(documents) {
      const read: WholeDocument[] = []
      const chosen = documents.slice(0, mostRead)
      for (const [index, document] of chosen.entries()) {
        if (index > 0 && index % 10 === 0) yield { label: "Reading your documents", done: index, total: chosen.length }
        read.push(await readWhole(actor, document, deps.store, signal))
      }
      return read
    },
    async having(phrase, documents) {
      const sets = await Promise.all(
        [...topicWords(phrase)].map(async (term) => {
          const hits = await deps.store.chunks.searchLexical(actor, {
            terms: [term],
            collectionIds: request.collectionIds ? [...request.collectionIds] : null,
            limit: mostListed,
          })
          return new Set(hits.map(({ chunk }) => chunk.documentId))
        }),
      )
      return sets.length === 0 ? [] : documents.filter(({ id }) => sets.every((set) => set.has(id)))
    },
  }
  return yield* solvers[asked.route](asked as never, tools)
}

const solvers: { [R in WholeQuestion["route"]]: Solver<R> } = {
  count: gatherAnswer,
  list: gatherAnswer,
  mentions: countMentions,
  summary: summarise,
  compare: compareDocuments,
  latest: latestDocument,
}

async function libraryOf(
  actor: Actor,
  { collectionIds, focusId }: SolveRequest,
  { store }: SolveDeps,
): Promise<Library> {
  const collections = (await store.collections.list(actor)).filter(
    ({ id }) => collectionIds === null || collectionIds.includes(id),
  )
  const documents: DocumentRecord[] = []
  for (const { id } of collections) {
    const page = await store.documents.list(actor, { collectionId: id, limit: mostListed })
    documents.push(...page.items.filter((document) => document.chunkCount > 0))
  }
  return { collections, documents, focus: documents.find(({ id }) => id === focusId) ?? null }
}
