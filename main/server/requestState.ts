import type { IncomingMessage } from "node:http"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"

export interface RequestState {
  requestId: string
  /** Key of the route that answers; "other" for files and unknown paths. */
  route: string
  /** Whose request it is, once the guard knows. */
  actor: Actor | null
  /** Aborts when the client goes or the server stops. */
  signal: AbortSignal
  abort(reason?: unknown): void
}

const states = new WeakMap<IncomingMessage, RequestState>()

/** Gives a request its id (the client's own, where it is a plain one) and its abort signal. */
export function beginRequest(request: IncomingMessage): RequestState {
  const sent = request.headers["x-request-id"]
  const requestId = typeof sent === "string" && /^[A-Za-z0-9_-]{8,64}$/.test(sent) ? sent : newId()
  const controller = new AbortController()
  const state: RequestState = {
    requestId,
    route: "other",
    actor: null,
    signal: controller.signal,
    abort: (reason?: unknown) => controller.abort(reason),
  }
  states.set(request, state)
  return state
}

export function requestStateOf(request: IncomingMessage): RequestState {
  const state = states.get(request)
  if (!state) throw new AppError("internal", "The request was never begun.")
  return state
}
