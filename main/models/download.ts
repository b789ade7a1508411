import { open, rm } from "node:fs/promises"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { asSpaceError, readJson, sizeOf, writeJsonAtomically } from "./diskFiles.ts"
import type { UrlGuard } from "./urlGuard.ts"

export interface DownloadTarget {
  url: string
  /** Grows while bytes arrive; kept on pause and after a crash. */
  partPath: string
  sizeBytes: number
}

export interface DownloadDeps {
  fetch: typeof fetch
  guard: UrlGuard
  clock: Clock
  /** Waits; rejects with the signal's reason. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Until the first answer. Default 8,000. */
  connectTimeoutMs?: number
  /** Without a byte. Default 30,000. */
  stallTimeoutMs?: number
}

const maxRedirects = 8
/** Attempts in a row that get no further than an earlier one. */
const maxFruitlessAttempts = 5

/** What a part belongs to; a part of something else is thrown away. */
interface PartState {
  url: string
  /** Strong ETag or null. */
  etag: string | null
}

/**
 * Fetches a file of known size into its part, going on where an earlier attempt, pause or crash stopped. Survives cuts,
 * servers without ranges and files that change on the server. The content is not judged here: `publishPart` does.
 * Throws `download.failed`, `download.bad-hash` (the size is wrong), `download.no-space`, or `signal.reason`; the part is kept except when wrong.
 */
export async function downloadFile(
  target: DownloadTarget,
  deps: DownloadDeps,
  onBytes: (arrivedBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const statePath = `${target.partPath}.json`
  const state = (await readJson(statePath)) as PartState | null
  if (state?.url !== target.url || ((await sizeOf(target.partPath)) ?? 0) > target.sizeBytes) {
    await rm(target.partPath, { force: true })
    await writeJsonAtomically(statePath, { url: target.url, etag: null } satisfies PartState)
  }
  let fruitless = 0
  let furthest = (await sizeOf(target.partPath)) ?? 0
  let hasAnswered = false
  while (((await sizeOf(target.partPath)) ?? 0) < target.sizeBytes) {
    signal.throwIfAborted()
    let gained = false
    try {
      await attempt(target, statePath, deps, signal, {
        onAnswer: () => {
          hasAnswered = true
        },
        onBytes: (bytes) => {
          if (bytes > furthest) gained = true
          furthest = Math.max(furthest, bytes)
          onBytes(bytes)
        },
      })
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof AppError && !isTransient(error)) throw error
      const failure = asSpaceError(error)
      if (failure instanceof AppError && failure.code === "download.no-space") throw failure
      fruitless = gained ? 0 : fruitless + 1
      if (!hasAnswered) throw failed("The server could not be reached.", { cause: error, unreachable: true })
      if (fruitless >= maxFruitlessAttempts) throw failed("The connection broke too often.", { cause: error })
      await deps.sleep(Math.min(1000 * 2 ** fruitless, 30_000), signal)
    }
  }
}

/** True when the source did not answer at all: its whole family is left alone for a while. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && (error.details as { unreachable?: boolean } | undefined)?.unreachable === true
}

async function attempt(
  target: DownloadTarget,
  statePath: string,
  deps: DownloadDeps,
  signal: AbortSignal,
  progress: { onAnswer: () => void; onBytes: (arrivedBytes: number) => void },
): Promise<void> {
  const offset = (await sizeOf(target.partPath)) ?? 0
  const state = (await readJson(statePath)) as PartState | null
  const watchdog = createWatchdog(signal)
  try {
    watchdog.expect(deps.connectTimeoutMs ?? 8000, "The server did not answer in time.")
    const headers: Record<string, string> = { "accept-encoding": "identity" }
    if (offset > 0) {
      headers.range = `bytes=${offset}-`
      if (state?.etag) headers["if-range"] = state.etag
    }
    const response = await follow(new URL(target.url), headers, deps, watchdog.signal)
    progress.onAnswer()
    const etag = strongEtag(response)
    const hasChanged = offset > 0 && state?.etag !== null && etag !== state?.etag
    const start = await startOf(response, offset, hasChanged, target)
    await writeJsonAtomically(statePath, { url: target.url, etag } satisfies PartState)

    const file = await open(target.partPath, start > 0 ? "r+" : "w")
    try {
      await file.truncate(start)
      let position = start
      const body = response.body ?? failBody()
      watchdog.expect(deps.stallTimeoutMs ?? 30_000, "The download stalled.")
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        watchdog.expect(deps.stallTimeoutMs ?? 30_000, "The download stalled.")
        if (position + chunk.length > target.sizeBytes) {
          await rm(target.partPath, { force: true })
          throw wrongLength()
        }
        await file.write(chunk, 0, chunk.length, position)
        position += chunk.length
        progress.onBytes(position)
      }
      if (position < target.sizeBytes) throw failed("The connection was cut.", { transient: true })
    } finally {
      await file.close()
    }
  } finally {
    watchdog.close()
  }
}

/** Where the body begins. Refuses answers that cannot be the file. */
async function startOf(
  response: Response,
  offset: number,
  hasChanged: boolean,
  target: DownloadTarget,
): Promise<number> {
  const refuse = async (error: AppError, removePart = false): Promise<never> => {
    await response.body?.cancel().catch(() => {})
    if (removePart) await rm(target.partPath, { force: true })
    throw error
  }
  if (response.status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "")
    if (!range || Number(range[1]) !== offset || hasChanged) {
      return refuse(failed("The server answered with another part of the file.", { transient: true }), true)
    }
    if (range[2] !== "*" && Number(range[2]) !== target.sizeBytes) return refuse(wrongLength(), true)
    return offset
  }
  if (response.status === 200) {
    const length = response.headers.get("content-length")
    if (length !== null && Number(length) !== target.sizeBytes) return refuse(wrongLength(), true)
    return 0
  }
  if (response.status === 416) return refuse(failed("The server refused to go on.", { transient: true }), true)
  const transient = response.status === 408 || response.status === 429 || response.status >= 500
  return refuse(failed(`The server answered ${response.status}.`, { transient }))
}

/** Weak ones do not promise equal bytes. */
function strongEtag(response: Response): string | null {
  const etag = response.headers.get("etag")
  return etag && !etag.startsWith("W/") ? etag : null
}

/** Follows redirects by hand so that every hop passes the guard. */
async function follow(
  first: URL,
  headers: Record<string, string>,
  deps: DownloadDeps,
  signal: AbortSignal,
): Promise<Response> {
  let url = first
  for (let hop = 0; hop <= maxRedirects; hop++) {
    await untilAborted(deps.guard(url), signal)
    const response = await deps.fetch(url, { headers, redirect: "manual", signal })
    if (response.status < 300 || response.status >= 400 || response.status === 304) return response
    const location = response.headers.get("location")
    await response.body?.cancel().catch(() => {})
    if (!location || !URL.canParse(location, url)) throw failed("The server redirected to nowhere.")
    url = new URL(location, url)
  }
  throw failed("The server redirected too often.")
}

/** Name look-ups cannot be ended; they are left behind instead. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort))
  })
}

/** A signal that also fires when an expectation is not renewed in time. */
function createWatchdog(signal: AbortSignal) {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    expect(ms: number, otherwise: string) {
      clearTimeout(timer)
      timer = setTimeout(() => controller.abort(failed(otherwise, { transient: true })), ms)
    },
    close() {
      clearTimeout(timer)
    },
  }
}

function isTransient(error: AppError): boolean {
  return (error.details as { transient?: boolean } | undefined)?.transient === true
}

function failBody(): never {
  throw failed("The server sent nothing.", { transient: true })
}

function failed(
  message: string,
  options: { cause?: unknown; transient?: boolean; unreachable?: boolean } = {},
): AppError {
  const { cause, ...details } = options
  return new AppError("download.failed", message, {
    remedy: "Check the connection and resume; what arrived is kept.",
    details,
    ...(cause === undefined ? {} : { cause }),
  })
}

function wrongLength(): AppError {
  return new AppError("download.bad-hash", "The server offers a file of another size than the published one.", {
    remedy: "Another source is tried. If it repeats, import the file by hand.",
  })
}
