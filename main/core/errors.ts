import { type ErrorCode, type ErrorInfo, errorCodes } from "#contract/errors.ts"

/** The one error of the product: a stable code, what happened, and what to do about it. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly remedy: string | undefined
  readonly details: unknown

  constructor(code: ErrorCode, message: string, options: { remedy?: string; cause?: unknown; details?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "AppError"
    this.code = code
    this.remedy = options.remedy
    this.details = options.details
  }

  get status(): number {
    return errorCodes[this.code].status
  }

  get retryable(): boolean {
    return errorCodes[this.code].retryable
  }
}

/** An abort travels as the signal's own reason and is never an error. */
export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === "AbortError"))
}

/** What events and bodies say of any thrown value. Unknown errors keep their words out: they may hold paths or content. */
export function errorInfo(error: unknown): ErrorInfo {
  if (error instanceof AppError)
    return { code: error.code, message: error.message, ...(error.remedy ? { remedy: error.remedy } : {}) }
  return {
    code: "internal",
    message: "Something failed inside ZenGlow.",
    remedy: "Try again. If it repeats, run `zenglow doctor` and look at the log.",
  }
}
