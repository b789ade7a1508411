import { AppError, errorInfo } from "#core/errors.ts"
import { inOneLine, inPlainText } from "#core/inOneLine.ts"

/** Exit codes other programs rely on. */
export const exitCode = { done: 0, failed: 1, wrongUse: 2, notFound: 3 } as const

/** One JSON document on stdout with `--json`, else readable text. Everything that is not the result goes to stderr. Words of others drive no terminal. */
export function printResult(result: unknown, asJson: boolean, readable: () => string): void {
  process.stdout.write(`${inPlainText(asJson ? JSON.stringify(result, null, 2) : readable())}\n`)
}

export function note(text: string): void {
  process.stderr.write(`${inPlainText(text)}\n`)
}

/** A line on stderr that is replaced in a terminal, and printed at most every few seconds elsewhere. */
export function createProgressLine(): { show(text: string): void; clear(): void } {
  let lastPrinted = 0
  return {
    show(text) {
      if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[K${inOneLine(text).slice(0, (process.stderr.columns ?? 80) - 1)}`)
      else if (Date.now() - lastPrinted > 5000) {
        lastPrinted = Date.now()
        note(text)
      }
    },
    clear() {
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
    },
  }
}

/**
 * Says what failed and what to do; with `--json` on stdout too, as `{error}`. What nobody foresaw is shown whole when `isVerbose`:
 * a command has no log file to look into. Returns the exit code.
 */
export function reportFailure(error: unknown, asJson: boolean, { isVerbose = false } = {}): number {
  const isForeseen = error instanceof AppError
  const info = isForeseen
    ? errorInfo(error)
    : { ...errorInfo(error), remedy: "Run it again with `--log-level debug` to see what." }
  if (isVerbose && !isForeseen) note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  if (asJson) process.stdout.write(`${JSON.stringify({ error: info })}\n`)
  note(`${info.message}${info.remedy ? ` ${info.remedy}` : ""} [${info.code}]`)
  return error instanceof AppError && (error.code === "request.invalid" || error.code === "config.invalid")
    ? exitCode.wrongUse
    : exitCode.failed
}

export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
