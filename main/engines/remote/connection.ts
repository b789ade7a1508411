import { AppError } from "#core/errors.ts"
import { untilAborted } from "#core/untilAborted.ts"

export interface ConnectionOptions {
  /** As the person named it; stands in messages. */
  name: string
  /** Address of the server, with its path if it has one. */
  baseUrl: string
  /** Asked before every request. Throws when this address must not be spoken to. */
  guard: (url: URL) => Promise<void>
  /** The way out. */
  fetch: typeof fetch
  /** Null: the server asks for none. */
  apiKey: () => Promise<string | null>
  /** Silence after which a server counts as hanging. Default 60,000 ms. */
  stallMs?: number
}

/** One server of models. Redirects are not followed: nobody vouched for where they lead. */
export interface Connection {
  /** A whole answer, at most 8 MiB. A null body asks by GET. */
  json(path: string, body: unknown, signal: AbortSignal): Promise<unknown>
  /** The answer's bytes as they come. Leaving the loop closes the socket. */
  stream(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<Uint8Array, void>
  /** What this server did wrong, in words; names it, never its answer. */
  failed(what: string, cause?: unknown): AppError
}

const maxAnswerBytes = 8 * 1024 * 1024

export function createConnection(options: ConnectionOptions): Connection {
  const { name, baseUrl, guard, fetch, apiKey, stallMs = 60_000 } = options
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`)

  const failed = (what: string, cause?: unknown): AppError => trouble("backend.failed", what, cause)
  const trouble = (code: AppError["code"], what: string, cause?: unknown, remedy?: string): AppError =>
    new AppError(code, `${name} ${what}.`, {
      remedy: remedy ?? "Check in Models, Other servers, that it runs and is the kind of server you chose.",
      ...(cause === undefined ? {} : { cause }),
    })

  const open = async (path: string, body: unknown, signal: AbortSignal): Promise<Response> => {
    const url = new URL(path.replace(/^\//, ""), base)
    await guard(url)
    const key = await apiKey()
    const headers = new Headers({ accept: "text/event-stream, application/x-ndjson, application/json" })
    if (body !== null) headers.set("content-type", "application/json")
    if (key !== null) {
      headers.set("authorization", `Bearer ${key}`)
      headers.set("apikey", key)
    }
    const init = body === null ? {} : { method: "POST", body: JSON.stringify(body) }
    let response: Response
    try {
      response = await fetch(url, { ...init, headers, redirect: "manual", signal })
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof AppError) throw cause
      throw trouble("backend.unreachable", "cannot be reached", cause)
    }
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw trouble("backend.refused", "leads to another address, which nobody allowed")
    }
    if (!response.ok) throw await refusal(response)
    if (/^text\/html/i.test(response.headers.get("content-type") ?? "")) {
      await response.body?.cancel()
      throw failed("answered with a web page instead of a model's answer")
    }
    return response
  }

  /** Tells a server's refusals apart without repeating its words: they may hold the prompt. */
  const refusal = async (response: Response): Promise<AppError> => {
    const text = Buffer.from(await readAll(response, 64 * 1024).catch(() => new Uint8Array())).toString()
    const { status } = response
    if (status === 401 || status === 403)
      return trouble("backend.key", "wants another key", undefined, "Set its key in Models, Other servers.")
    if (/context_length_exceeded|exceed_context_size|maximum context|context (?:size|length|window)/i.test(text))
      return new AppError("llm.context-exceeded", `The prompt does not fit into the context of ${name}.`)
    if (status === 404)
      return trouble("backend.failed", "does not know the model or the address", undefined, "Choose one of its models.")
    if (status === 429 || status === 503) return trouble("backend.busy", "is busy", undefined, "Try again in a while.")
    return failed(`answered with status ${status}`)
  }

  const readAll = async (response: Response, most: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body ?? []) {
      size += part.length
      if (size > most) throw failed("sent more than an answer can have")
      parts.push(part)
    }
    return Buffer.concat(parts)
  }

  /** Runs an exchange that ends with the caller, or when the server is silent for too long. */
  const watched = (signal: AbortSignal) => {
    const stalled = new AbortController()
    let timer = setTimeout(() => stalled.abort(), stallMs)
    const both = AbortSignal.any([signal, stalled.signal])
    return {
      signal: both,
      alive() {
        clearTimeout(timer)
        timer = setTimeout(() => stalled.abort(), stallMs)
      },
      end: () => clearTimeout(timer),
      error(error: unknown): unknown {
        if (signal.aborted) return signal.reason
        if (stalled.signal.aborted)
          return trouble("backend.unreachable", `said nothing for ${Math.round(stallMs / 1000)} s`, error)
        return error instanceof AppError ? error : failed("broke off", error)
      },
    }
  }

  return {
    failed,
    async json(path, body, signal) {
      const watch = watched(signal)
      try {
        const response = await untilAborted(open(path, body, watch.signal), watch.signal)
        const text = Buffer.from(await untilAborted(readAll(response, maxAnswerBytes), watch.signal)).toString()
        try {
          return JSON.parse(text)
        } catch (cause) {
          throw failed("answered with something that is not JSON", cause)
        }
      } catch (error) {
        throw watch.error(error)
      } finally {
        watch.end()
      }
    },
    async *stream(path, body, signal) {
      const watch = watched(signal)
      const leaving = new AbortController()
      const inner = AbortSignal.any([watch.signal, leaving.signal])
      try {
        const response = await untilAborted(open(path, body, inner), inner)
        const reader = response.body?.getReader()
        if (!reader) throw failed("sent no answer")
        for (;;) {
          const { value, done } = await untilAborted(reader.read(), inner)
          if (done) return
          watch.alive()
          yield value
        }
      } catch (error) {
        throw watch.error(error)
      } finally {
        watch.end()
        leaving.abort()
      }
    },
  }
}
