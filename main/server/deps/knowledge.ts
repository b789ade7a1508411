import type { Artifact, ArtifactKind } from "#contract/artifacts.ts"
import type { EvalRun, PinnedQuestion } from "#contract/evaluations.ts"
import type { Memory } from "#contract/memory.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { ToolView } from "#contract/tools.ts"
import type { Actor } from "#core/actor.ts"
import type { Page } from "./page.ts"

/** Unknown ids reject with `memory.not-found`. */
export interface MemoryService {
  list(actor: Actor, query: { q?: string; cursor?: string; limit: number }): Promise<Page<Memory> & { total: number }>
  add(
    actor: Actor,
    memory: { text: string; weight: number; conversationId?: string; messageId?: string },
    signal: AbortSignal,
  ): Promise<Memory>
  change(actor: Actor, id: string, changes: { text?: string; weight?: number }, signal: AbortSignal): Promise<Memory>
  forget(actor: Actor, id: string): Promise<void>
  forgetAll(actor: Actor): Promise<number>
}

/** Throws `tool.*`. */
export interface ToolService {
  list(actor: Actor): ToolView[]
  call(
    actor: Actor,
    call: { name: string; arguments: unknown; isConfirmed: boolean },
    signal: AbortSignal,
  ): Promise<unknown>
}

/** Measured runs of retrieval and the pinned questions. */
export interface EvaluationService {
  start(
    actor: Actor,
    request: { path: string | null; collectionIds: string[] | null; answers: boolean },
  ): Promise<{ jobId: string; runId: string }>
  list(actor: Actor): Promise<EvalRun[]>
  get(actor: Actor, id: string): Promise<RouteOutput<Routes["GET /api/evaluations/:id"]>>
  delete(actor: Actor, id: string): Promise<void>
  pins(actor: Actor): Promise<PinnedQuestion[]>
  pin(actor: Actor, values: Pick<PinnedQuestion, "question" | "document" | "passage">): Promise<PinnedQuestion>
  unpin(actor: Actor, id: string): Promise<void>
}

export interface ArtifactService {
  list(
    actor: Actor,
    query: { kind?: ArtifactKind; tags?: string[]; q?: string; cursor?: string; limit: number },
  ): Promise<Page<Artifact> & { tags: { tag: string; count: number }[] }>
  get(actor: Actor, id: string): Promise<Artifact>
  setTags(actor: Actor, id: string, tags: string[]): Promise<Artifact>
  delete(actor: Actor, id: string): Promise<void>
  /** Notes that something left as a file. Never fails what it is about. */
  exported(
    actor: Actor,
    file: { name: string; body: string; format: string; provenance: Artifact["provenance"] },
  ): Promise<void>
}
