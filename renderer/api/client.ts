import type { ErrorBody } from "#contract/errors.ts"
import type { RouteCall, RouteOutput } from "#contract/route.ts"
import type { RouteKey, Routes } from "#contract/routes.ts"
import { baseUrl, signOut, useSession } from "./session.ts"

export type Call<K extends RouteKey> = RouteCall<Routes[K]> & { signal?: AbortSignal }
// biome-ignore lint/complexity/noBannedTypes: `{}` is the question: may this call be left out?
type Arguments<K extends RouteKey> = {} extends RouteCall<Routes[K]> ? [call?: Call<K>] : [call: Call<K>]

/** An error as the core words it: what happened (`message`) and what to do (`remedy`). */
export class ApiError extends Error {
  readonly code: string
  readonly remedy: string | undefined
  readonly status: number
  readonly requestId: string | undefined
  constructor(code: string, message: string, status: number, remedy?: string, requestId?: string) {
    super(message)
    this.name = "ApiError"
    this.code = code
    this.status = status
    this.remedy = remedy
    this.requestId = requestId
  }
}

/** Calls a JSON route of the contract. Throws `ApiError`; an abort throws the signal's reason. */
export async function api<K extends RouteKey>(route: K, ...rest: Arguments<K>): Promise<RouteOutput<Routes[K]>> {
  const response = await send(route, (rest[0] ?? {}) as LooseCall)
  if (response.status === 204) return undefined as RouteOutput<Routes[K]>
  return (await response.json()) as RouteOutput<Routes[K]>
}

/** Calls a route that answers with bytes (an export, speech). */
export async function apiBytes<K extends RouteKey>(route: K, ...rest: Arguments<K>): Promise<Response> {
  return send(route, (rest[0] ?? {}) as LooseCall)
}

interface LooseCall {
  params?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  fields?: Record<string, unknown>
  files?: readonly File[]
  signal?: AbortSignal
}

async function send(route: RouteKey, call: LooseCall): Promise<Response> {
  const [method, template] = route.split(" ") as [string, string]
  const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(call.params?.[name] ?? ""))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined && value !== null) query.set(name, String(value))
  }
  const headers: Record<string, string> = { accept: "application/json, */*" }
  const token = useSession.getState().token
  if (token) headers.authorization = `Bearer ${token}`
  let response: Response
  try {
    response = await fetch(`${baseUrl()}${path}${query.size > 0 ? `?${query}` : ""}`, {
      method,
      headers: call.body === undefined ? headers : { ...headers, "content-type": "application/json" },
      body: bodyOf(call),
      signal: call.signal ?? null,
      cache: "no-store",
    })
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason
    throw new ApiError(
      "core.unreachable",
      "The assistant's core does not answer.",
      503,
      "It is being restarted. If this stays, quit ZenGlow and open it again.",
      error instanceof Error ? error.message : undefined,
    )
  }
  if (response.ok) return response
  const error = await errorOf(response)
  if (response.status === 401 && error.code !== "auth.bad-ticket") signOut()
  throw error
}

function bodyOf(call: LooseCall): BodyInit | null {
  if (call.files) {
    const form = new FormData()
    // Fields first: a streaming server must know the collection before the first file arrives.
    for (const [name, value] of Object.entries(call.fields ?? {})) {
      if (value !== undefined) form.append(name, String(value))
    }
    for (const file of call.files) form.append("file", file, file.name)
    return form
  }
  return call.body === undefined ? null : JSON.stringify(call.body)
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorBody
    return new ApiError(error.code, error.message, response.status, error.remedy, error.requestId)
  } catch {
    return new ApiError("internal", `The core answered ${response.status}.`, response.status)
  }
}

/** Any thrown value as an error with words for the person. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError("internal", error instanceof Error ? error.message : "Something failed.", 500)
}

/** Saves the answer of a bytes route as a file of the person. */
export async function saveAs(response: Response, name: string): Promise<void> {
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
