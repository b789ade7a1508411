/** Every error code the product can answer with, its HTTP status, and whether trying again may help. */
export const errorCodes = {
  "request.invalid": { status: 422, retryable: false },
  "request.malformed": { status: 400, retryable: false },
  "request.too-large": { status: 413, retryable: false },
  "request.unsupported-media": { status: 415, retryable: false },
  "request.not-found": { status: 404, retryable: false },
  "request.method-not-allowed": { status: 405, retryable: false },
  "request.conflict": { status: 409, retryable: false },
  "request.rate-limited": { status: 429, retryable: true },
  "auth.bad-host": { status: 403, retryable: false },
  "auth.bad-origin": { status: 403, retryable: false },
  "auth.missing-key": { status: 401, retryable: false },
  "auth.bad-key": { status: 401, retryable: false },
  "auth.missing-scope": { status: 403, retryable: false },
  "auth.bad-ticket": { status: 401, retryable: false },
  "turn.not-found": { status: 404, retryable: false },
  "turn.busy": { status: 409, retryable: true },
  "conversation.not-found": { status: 404, retryable: false },
  "message.not-found": { status: 404, retryable: false },
  "collection.not-found": { status: 404, retryable: false },
  "document.not-found": { status: 404, retryable: false },
  "document.unsupported": { status: 415, retryable: false },
  "document.empty": { status: 422, retryable: false },
  "document.encrypted": { status: 422, retryable: false },
  "document.no-text": { status: 422, retryable: false },
  "document.too-large": { status: 413, retryable: false },
  "document.damaged": { status: 422, retryable: false },
  "document.timeout": { status: 422, retryable: true },
  "document.unreadable": { status: 422, retryable: true },
  "memory.not-found": { status: 404, retryable: false },
  "artifact.not-found": { status: 404, retryable: false },
  "query.not-found": { status: 404, retryable: false },
  "job.not-found": { status: 404, retryable: false },
  "model.not-found": { status: 404, retryable: false },
  "model.missing": { status: 503, retryable: true },
  "model.corrupt": { status: 422, retryable: false },
  "model.incompatible": { status: 422, retryable: false },
  "model.no-memory": { status: 503, retryable: true },
  "model.loading": { status: 503, retryable: true },
  "model.in-use": { status: 409, retryable: true },
  "download.failed": { status: 502, retryable: true },
  "download.no-source": { status: 502, retryable: true },
  "download.bad-hash": { status: 502, retryable: true },
  "download.no-space": { status: 507, retryable: true },
  "download.offline": { status: 503, retryable: true },
  "download.cancelled": { status: 409, retryable: true },
  "engine.crashed": { status: 503, retryable: true },
  "engine.stopped": { status: 503, retryable: true },
  "engine.stalled": { status: 503, retryable: true },
  "engine.busy": { status: 429, retryable: true },
  "engine.failed": { status: 500, retryable: true },
  "llm.context-exceeded": { status: 400, retryable: false },
  "llm.invalid-schema": { status: 400, retryable: false },
  "stt.no-speech": { status: 422, retryable: false },
  "tts.unknown-voice": { status: 404, retryable: false },
  "tts.empty-text": { status: 422, retryable: false },
  "audio.damaged": { status: 422, retryable: false },
  "audio.unsupported": { status: 415, retryable: false },
  "audio.too-long": { status: 413, retryable: false },
  "store.read-only": { status: 503, retryable: true },
  "store.full": { status: 507, retryable: true },
  "store.newer-schema": { status: 503, retryable: false },
  "store.corrupt": { status: 503, retryable: false },
  "store.failed": { status: 500, retryable: true },
  "core.locked": { status: 409, retryable: true },
  "core.port-taken": { status: 409, retryable: true },
  "core.stopping": { status: 503, retryable: true },
  "core.unreachable": { status: 503, retryable: true },
  "secrets.locked": { status: 503, retryable: true },
  "secrets.damaged": { status: 503, retryable: false },
  "config.invalid": { status: 422, retryable: false },
  internal: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>

export type ErrorCode = keyof typeof errorCodes

/** The error body of every route outside `/v1`. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; remedy?: string; requestId: string; details?: unknown }
}

/** An error as events carry it. */
export interface ErrorInfo {
  code: ErrorCode
  message: string
  remedy?: string
}
