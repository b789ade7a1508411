import type { DatasetManifest, DatasetRecipe } from "#contract/datasets.ts"
import type { ErasureProof, PiiIdentifier, PiiSubject } from "#contract/pii.ts"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Actor } from "#core/actor.ts"

/** Unknown ids reject with `pii.not-found`. */
export interface PrivacyService {
  subjects: {
    add(actor: Actor, subject: { label: string; identifiers: PiiIdentifier[] }): Promise<PiiSubject>
    list(actor: Actor): Promise<PiiSubject[]>
    delete(actor: Actor, id: string): Promise<void>
  }
  find(actor: Actor, text: string): Promise<RouteOutput<Routes["POST /api/pii/find"]>>
  mentions(actor: Actor, subjectId: string): Promise<RouteOutput<Routes["GET /api/pii/subjects/:id/mentions"]>>
  eraseSubject(
    actor: Actor,
    subjectId: string,
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /api/pii/subjects/:id/erase"]>>
  /** A zip. */
  export(actor: Actor, signal: AbortSignal): Promise<Uint8Array>
  count(actor: Actor, what: "mine" | "everything"): Promise<RouteOutput<Routes["GET /api/erase"]>>
  erase(
    actor: Actor,
    request: { what: "mine" | "everything"; confirm: string },
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /api/erase"]>>
  /** Removes somebody who lives here, and looks whether a byte is left of what should be gone. */
  removePerson(actor: Actor, id: string, things: "keep" | "erase", signal: AbortSignal): Promise<ErasureProof>
}

/** Unknown ids reject with `dataset.not-found`. */
export interface DatasetService {
  list(actor: Actor): Promise<DatasetManifest[]>
  preview(
    actor: Actor,
    recipe: DatasetRecipe,
    signal: AbortSignal,
  ): Promise<RouteOutput<Routes["POST /api/datasets/preview"]>>
  /** Queues the making. The caller has asked for consent. */
  start(actor: Actor, recipe: DatasetRecipe): Promise<{ jobId: string }>
  get(actor: Actor, id: string): Promise<RouteOutput<Routes["GET /api/datasets/:id"]>>
  /** The newest, or the newest of a name. */
  newest(actor: Actor, name: string | undefined): Promise<DatasetManifest>
  /** `start` and `end` are both inclusive. Null: all of it. */
  read(actor: Actor, id: string, range: { start: number; end: number } | null): Promise<AsyncIterable<Uint8Array>>
  diff(actor: Actor, id: string, before: string): Promise<RouteOutput<Routes["GET /api/datasets/:id/diff"]>>
  delete(actor: Actor, id: string): Promise<void>
}
