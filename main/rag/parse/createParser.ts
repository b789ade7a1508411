import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { createHostClient } from "#core/host/client.ts"
import type { EngineClient, HostAdapter } from "#core/host/types.ts"
import type { Logger } from "#core/logger.ts"
import type { ParsedDocument, ParseInput, ParserContract } from "./contract.ts"

/** A file, and on whose behalf it is read. */
export interface FileToRead extends ParseInput {
  /** Whose known voices are named in recordings. Absent: nobody's. */
  actor?: Actor | undefined
}

export interface Parser {
  /** One file at a time; others wait. Throws `document.*` for the file, or `signal.reason`. */
  parse(input: FileToRead, signal: AbortSignal): Promise<ParsedDocument>
  close(): Promise<void>
}

export interface ParserOptions {
  adapter: HostAdapter
  log: Logger
  /** For logs and status. Default "parser". */
  name?: string
  /** A file, or a page of a scan, that takes longer ends the child. Default 30,000 ms. */
  timeoutMs?: number
}

const heapMegabytes = 512

/**
 * Node flags for the parser child: it reads its own code, writes nothing, starts no process and no thread. The documents themselves
 * arrive as bytes, so no folder of the user is readable at all.
 */
export function parserExecArgv(entry: URL): string[] {
  return [
    "--permission",
    ...codePathsOf(entry).map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${heapMegabytes}`,
    "--no-warnings",
  ]
}

/** What a child needs to read of its own: its folder (`main` or `dist`), the package file, and the packages it is installed with. */
export function codePathsOf(entry: URL): string[] {
  const paths: string[] = []
  let folder = dirname(fileURLToPath(entry))
  let isInside = true
  while (folder !== dirname(folder)) {
    const name = basename(folder)
    if (isInside && (name === "main" || name === "dist")) {
      const root = dirname(folder)
      paths.push(join(folder, "*"), join(root, "package.json"), join(root, "node_modules", "*"))
      isInside = false
    }
    if (name === "node_modules") paths.push(join(folder, "*"))
    folder = dirname(folder)
  }
  return paths
}

/** Reads documents in a child that is ended when a file takes too long, and replaced when one brings it down. */
export function createParser({ adapter, log, name = "parser", timeoutMs = 30_000 }: ParserOptions): Parser {
  const open = (): EngineClient<ParserContract> =>
    createHostClient<ParserContract>({
      name,
      adapter,
      log,
      stallMs: timeoutMs,
      maxQueued: 1024,
      graceMs: 1000,
    })
  let client = open()
  return {
    async parse(input, signal) {
      const used = client
      try {
        return await used.request("parse", input, { signal })
      } catch (error) {
        if (!(error instanceof AppError) || !error.code.startsWith("engine.")) throw error
        // Crashes here are the file's fault: the next file gets a child without a history, so that no breaker stops the batch.
        if (client === used) client = open()
        await used.stop()
        throw documentError(error, timeoutMs)
      }
    },
    close: () => client.stop(),
  }
}

function documentError(error: AppError, timeoutMs: number): AppError {
  if (error.code === "engine.stalled") {
    return new AppError("document.timeout", `Reading the file took longer than ${timeoutMs / 1000} s.`, {
      remedy: "Split it, or save it as plain text and add that.",
      cause: error,
    })
  }
  // Node aborts when its heap is full: SIGABRT, or its exit codes on Windows.
  if (/heap|memory|SIGABRT|exit code (?:134|3221226505)\b/i.test(error.message)) {
    return new AppError("document.too-large", "Reading the file needs more than 512 MB of memory.", {
      remedy: "Split it into smaller files.",
      cause: error,
    })
  }
  return new AppError("document.unreadable", "The reader ended while it read the file.", {
    remedy: "Add the file again. If it repeats, save it in another format.",
    cause: error,
  })
}
