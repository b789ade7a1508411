import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import type { Clock } from "./clock.ts"

export interface LogFileOptions {
  /** Made when it is missing. */
  directory: string
  /** Bytes after which a new file is begun. */
  maxBytes: number
  /** Older files kept beside the current one. */
  keep: number
  clock: Clock
}

/** A log on disk that never grows beyond its share of it. */
export interface LogFile {
  /** Appends at once: what was logged before a crash is there after it. Never throws; see `problem`. */
  write(line: string): void
  /** Why lines are not written now. Null: they are. */
  problem(): string | null
  close(): void
}

/** A disk that took nothing is tried again after this. */
const retryMs = 10_000

export const logFileName = "zenglow.log"
const olderName = (number: number): string => `zenglow.${number}.log`

/** `zenglow.log` with the newest lines; before it `zenglow.1.log`, `zenglow.2.log` and so on. For this user's eyes only. */
export function openLogFile({ directory, maxBytes, keep, clock }: LogFileOptions): LogFile {
  let file: { descriptor: number; bytes: number } | null = null
  let failed: { reason: string; at: number } | null = null

  const open = (): { descriptor: number; bytes: number } => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const descriptor = openSync(join(directory, logFileName), "a", 0o600)
    return { descriptor, bytes: fstatSync(descriptor).size }
  }
  const shut = (): void => {
    if (file) closeSync(file.descriptor)
    file = null
  }
  const rotate = (): void => {
    shut()
    rmSync(join(directory, olderName(keep)), { force: true })
    for (let number = keep - 1; number >= 1; number--) move(olderName(number), olderName(number + 1))
    if (keep > 0) move(logFileName, olderName(1))
    else rmSync(join(directory, logFileName), { force: true })
  }
  const move = (from: string, to: string): void => {
    try {
      renameSync(join(directory, from), join(directory, to))
    } catch (error) {
      // Fewer files than are kept is how every log begins.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    }
  }

  return {
    write(line) {
      if (failed && clock.monotonic() - failed.at < retryMs) return
      const bytes = Buffer.byteLength(line)
      try {
        file ??= open()
        if (file.bytes > 0 && file.bytes + bytes > maxBytes) {
          rotate()
          file = open()
        }
        file.bytes += writeSync(file.descriptor, line)
        failed = null
      } catch (error) {
        failed = { reason: (error as NodeJS.ErrnoException).code ?? "failed", at: clock.monotonic() }
        try {
          shut()
        } catch {
          file = null
        }
      }
    },
    problem: () => failed?.reason ?? null,
    close: shut,
  }
}
