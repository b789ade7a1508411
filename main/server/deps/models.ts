import type { Backend, BackendView } from "#contract/backends.ts"
import type { Bundle, Model, ModelRole } from "#contract/models.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { ServerLlm } from "../openai/llm.ts"

/** Unknown ids reject with `model.not-found`. */
export interface ModelService {
  list(): Promise<{ items: Model[]; diskUsedBytes: number; diskFreeBytes: number }>
  bundle(): Promise<Bundle>
  pullBundle(actor: Actor): Promise<{ jobIds: string[] }>
  external(): Promise<{ tool: string; name: string; path: string; sizeBytes: number }[]>
  import(
    actor: Actor,
    file: { path: string; mode: "link" | "copy"; role?: ModelRole; name?: string },
    signal: AbortSignal,
  ): Promise<Model>
  get(id: string): Promise<Model>
  pull(actor: Actor, id: string): Promise<{ jobId: string }>
  verify(id: string, signal: AbortSignal): Promise<RouteOutput<Routes["POST /api/models/:id/verify"]>>
  load(id: string, signal: AbortSignal): Promise<Model>
  unload(id: string): Promise<Model>
  select(actor: Actor, id: string): Promise<Model>
  remove(actor: Actor, id: string): Promise<{ freedBytes: number }>
}

/** Unknown names reject with `backend.not-found`. */
export interface BackendService {
  list(): Promise<BackendView[]>
  add(backend: Backend, key: string | null): Promise<BackendView>
  change(
    name: string,
    change: { [K in Exclude<keyof Backend, "name">]?: Backend[K] | undefined } & { key?: string | null | undefined },
  ): Promise<BackendView>
  remove(name: string): Promise<void>
  test(name: string, signal: AbortSignal): Promise<RouteOutput<Routes["POST /api/backends/:name/test"]>>
}

export interface SwitchrService {
  route(
    request: RouteInput<Routes["POST /switchr/route"]>["body"],
    actor: Actor,
  ): Promise<RouteOutput<Routes["POST /switchr/route"]>>
  health(): Promise<RouteOutput<Routes["GET /switchr/health"]>>
  feedback(decisionId: string, value: "up" | "down"): Promise<void>
  config(): Promise<RouteOutput<Routes["GET /switchr/config"]>>
  configure(text: string): Promise<RouteOutput<Routes["PUT /switchr/config"]>>
}

export interface OpenAiService {
  /** An installed language model by id. Rejects with `model.not-found` or `model.missing`. */
  llm(id: string): Promise<ServerLlm>
  /** Answers from documents: `retrieve-end`, `text-delta`, `text-end` and the like, as a turn has them; nothing is stored. Throws what went wrong. */
  answer(
    actor: Actor,
    request: {
      messages: { role: "system" | "user" | "assistant"; text: string }[]
      collectionIds: string[]
      temperature?: number
      maxTokens?: number
    },
    signal: AbortSignal,
  ): AsyncIterable<TurnEventBody>
}
