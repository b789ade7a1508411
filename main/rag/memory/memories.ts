import type { Memory } from "#contract/memory.ts"
import type { Actor } from "#core/actor.ts"
import { isAbort } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { MemoryRepository, Page } from "#store/types.ts"
import { queryTerms } from "../queryTerms.ts"

export interface MemoriesDeps {
  store: MemoryRepository
  /** The embedder that queries use. Null: memories are found by words. */
  queryEmbedder: () => Promise<Embedder | null>
  onChange: (id: string | null, actor: Actor) => void
  log: Logger
}

/** Where something to remember was said. */
export interface MemoryOrigin {
  kind: Memory["source"]["kind"]
  conversationId: string | null
  messageId: string | null
}

/** What the person asked to remember. */
export interface Memories {
  list(actor: Actor, query: { q?: string; cursor?: string; limit: number }): Promise<Page<Memory> & { total: number }>
  /** `isNew: false`: it was remembered before. */
  remember(
    actor: Actor,
    memory: { text: string; weight?: number } & MemoryOrigin,
    signal: AbortSignal,
  ): Promise<{ memory: Memory; isNew: boolean }>
  change(actor: Actor, id: string, changes: { text?: string; weight?: number }, signal: AbortSignal): Promise<Memory>
  forget(actor: Actor, id: string): Promise<void>
  forgetAll(actor: Actor): Promise<number>
  /** Memories that share words with the question, best first, for the ranking of other passages. `weight` is 0..1. */
  related(actor: Actor, query: string): Promise<{ text: string; weight: number }[]>
  /** Embeds what has no vector of this embedder yet. Failures are logged: words still find it. */
  fill(actor: Actor, embedder: Embedder, signal: AbortSignal): Promise<void>
  /** Another value after every change: what was found before it may be out of date. */
  version(): number
}

const relatedCount = 5
const batchSize = 32

export function createMemories({ store, queryEmbedder, log, ...deps }: MemoriesDeps): Memories {
  let version = 0
  const onChange = (id: string | null, actor: Actor): void => {
    version++
    deps.onChange(id, actor)
  }
  async function fill(actor: Actor, embedder: Embedder, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const missing = await store.missingVectors(actor, embedder.fingerprint, batchSize)
        if (missing.length === 0) return
        const texts = missing.map(({ text }) => text)
        const vectors = await embedder.embed(texts, "passage", signal)
        for (const [index, memory] of missing.entries())
          await store.setVector(actor, memory, embedder.fingerprint, vectors[index] as Float32Array)
      }
    } catch (error) {
      if (isAbort(error, signal)) throw error
      log.warn("memories are found by words only until they can be embedded", { error })
    }
  }
  const fillNow = async (actor: Actor, signal: AbortSignal): Promise<void> => {
    const embedder = await queryEmbedder()
    if (embedder) await fill(actor, embedder, signal)
  }

  return {
    list: store.list,
    async remember(actor, { text, weight = 1, kind, conversationId, messageId }, signal) {
      const kept = await store.create(actor, { text: text.trim(), weight, kind, conversationId, messageId })
      if (kept.isNew) {
        await fillNow(actor, signal)
        onChange(kept.memory.id, actor)
      }
      return kept
    },
    async change(actor, id, changes, signal) {
      const memory = await store.update(actor, id, changes)
      if (changes.text !== undefined) await fillNow(actor, signal)
      onChange(id, actor)
      return memory
    },
    async forget(actor, id) {
      await store.delete(actor, id)
      onChange(id, actor)
    },
    async forgetAll(actor) {
      const forgotten = await store.clear(actor)
      onChange(null, actor)
      return forgotten
    },
    async related(actor, query) {
      const terms = queryTerms(query).terms.map((term) => term.word)
      const found = await store.searchLexical(actor, { terms, limit: relatedCount })
      return found.map(({ text, weight }) => ({ text, weight: weight / 2 }))
    },
    fill,
    version: () => version,
  }
}
