import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRepository, Store } from "#store/types.ts"
import {
  type Chunking,
  chunkerVersion,
  chunkingFor,
  chunkingName,
  chunkingOf,
  defaultPassageTokens,
} from "../chunking.ts"
import type { Parser } from "../parse/createParser.ts"
import type { Candidate, SwapGate } from "../swapGate.ts"
import { contentOf, fillShadow, placeOf, readyDocuments } from "./fillShadow.ts"

/** Passages of one length, which questions can be answered from. */
export interface PassageIndex extends Candidate {
  chunks: ChunkRepository
}

export interface ResplitDeps {
  store: Pick<Store, "documents" | "chunks" | "settings">
  parser: Parser
  embedder: () => Embedder | null
  /** How documents are to be split. */
  wanted: () => Chunking
  /** A store of its own under this name, kept until it is removed. */
  openShadow(name: string): Promise<Store>
  /** Removes the shadows of all other names; null: every one. */
  removeShadows(except: string | null): Promise<void>
  gate: SwapGate<PassageIndex>
  onDocument?: (document: { id: string; collectionId: string }) => void
  log: Logger
}

/** Knows how documents are split now, and splits all of them anew beside the index in use. */
export interface Resplit {
  /** How documents are split that are read now. */
  current(): Chunking
  /** Reads which passages are in use. */
  load(actor: Actor): Promise<void>
  /** True when there is work to do and nobody claimed it yet: the caller then sees to it that `run` is called. */
  claim(): boolean
  /**
   * Splits all documents as wanted into a shadow, asks the pinned questions of both, and takes over document by document if they are
   * found as well. Until then the passages in use answer. Aborted or killed anywhere, it goes on when called again.
   */
  run(
    actor: Actor,
    signal: AbortSignal,
    progress: (done: number, total: number, current: string) => void,
  ): Promise<void>
}

const setting = "search.passages"

interface Kept {
  /** Name of the chunking in use. */
  inUse: string
  /** Some documents may still have the passages of before. */
  isMoving: boolean
}

export function createResplit(deps: ResplitDeps): Resplit {
  const { store, gate, log } = deps
  let kept: Kept = { inUse: chunkingName(chunkingFor(defaultPassageTokens, null)), isMoving: false }
  let isClaimed = false
  const keep = async (actor: Actor, next: Kept): Promise<void> => {
    await store.settings.set(actor, { [setting]: next })
    kept = next
  }
  /** What there is to do; null: nothing. */
  const target = (): Chunking | null => {
    const wanted = deps.wanted()
    const inUse = chunkingOf(kept.inUse)
    if (kept.isMoving && inUse?.version === chunkerVersion) return inUse
    const name = chunkingName(wanted)
    if (name === kept.inUse) return kept.isMoving || gate.refusal() ? wanted : null
    return gate.refusal()?.fingerprint === name ? null : wanted
  }

  async function perform(
    actor: Actor,
    chunking: Chunking,
    signal: AbortSignal,
    progress: (done: number, total: number, current: string) => void,
  ): Promise<void> {
    const name = chunkingName(chunking)
    if (name === kept.inUse && !kept.isMoving) {
      // The person went back to what is in use: what was refused is no longer wanted.
      await gate.settled(actor)
      await deps.removeShadows(null)
      return
    }
    await deps.removeShadows(name)
    const shadow = await deps.openShadow(name)
    try {
      const fill = () =>
        fillShadow(actor, { ...deps, shadow, chunking }, signal, (done, total) => progress(done, total, "Passages"))
      const isComplete =
        kept.isMoving && name === kept.inUse && (await readyDocuments(actor, shadow.documents)).length > 0
      if (!isComplete) await fill()
      if (name !== kept.inUse) {
        const candidate = passageIndex(chunking, shadow.chunks)
        const active = passageIndex(chunkingOf(kept.inUse) ?? chunking, store.chunks)
        if (!(await gate.judge(actor, candidate, active, signal))) return
        // From here on documents are split the new way; what was added in between follows.
        await keep(actor, { inUse: name, isMoving: true })
        await fill()
      }
      await moveOver(actor, shadow, signal, progress)
    } finally {
      await shadow.close()
    }
    await keep(actor, { inUse: name, isMoving: false })
    await gate.settled(actor)
    await deps.removeShadows(null)
    log.info("documents are split anew", { passages: name })
  }

  /** Each document in one transaction. One that was noted with other bytes since has been split the new way already. */
  async function moveOver(
    actor: Actor,
    shadow: Store,
    signal: AbortSignal,
    progress: (done: number, total: number, current: string) => void,
  ): Promise<void> {
    const names = new Map((await shadow.collections.list(actor)).map(({ id, name }) => [id, name]))
    const mine = await readyDocuments(actor, store.documents)
    const byPlace = new Map(mine.map((document) => [placeOf(document.collectionId, document.path), document]))
    const fingerprint = deps.embedder()?.fingerprint ?? null
    const ready = await readyDocuments(actor, shadow.documents)
    for (const [done, document] of ready.entries()) {
      signal.throwIfAborted()
      progress(done, ready.length, "Taking over")
      const own = byPlace.get(placeOf(names.get(document.collectionId) ?? "", document.path))
      if (own?.contentHash !== document.contentHash) continue
      await store.documents.writeContent(actor, own.id, await contentOf(actor, document, shadow, fingerprint))
      deps.onDocument?.(own)
    }
  }

  return {
    current() {
      const inUse = chunkingOf(kept.inUse)
      return inUse?.version === chunkerVersion ? inUse : deps.wanted()
    },
    async load(actor) {
      const stored = (await store.settings.all(actor))[setting]
      if (isKept(stored)) kept = stored
    },
    claim() {
      if (isClaimed || target() === null) return false
      isClaimed = true
      return true
    },
    async run(actor, signal, progress) {
      try {
        for (let next = target(); next !== null; next = target()) {
          signal.throwIfAborted()
          await perform(actor, next, signal, progress)
        }
      } finally {
        isClaimed = false
      }
    },
  }
}

const passageIndex = (chunking: Chunking, chunks: ChunkRepository): PassageIndex => ({
  fingerprint: chunkingName(chunking),
  modelId: `passages of ${chunking.targetTokens} tokens`,
  chunks,
})

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && "inUse" in value && "isMoving" in value
}
