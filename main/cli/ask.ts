import { realpath } from "node:fs/promises"
import type { ErrorCode } from "#contract/errors.ts"
import { emptyTurn, foldTurn } from "#contract/turnState.ts"
import type { Passage, TurnEvent } from "#contract/turns.ts"
import { AppError } from "#core/errors.ts"
import { inPlainText } from "#core/inOneLine.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { ingestPath, isWebAddress } from "./ingest.ts"
import { awaitDocuments } from "./jobs.ts"
import { exitCode, printResult } from "./output.ts"
import { untilRead } from "./watchFolders.ts"

export interface AskOptions {
  /** Paths, each with a collection of its own. */
  docs?: string[]
  collection?: string
  model?: string
  json: boolean
}

/** `ask`: a cited answer. Exit code 3 when the documents do not answer. */
export async function ask(client: Client, question: string, options: AskOptions, signal: AbortSignal): Promise<number> {
  await ensureModels(client, ["embedder", "llm"], signal)
  const collectionIds = await chooseCollections(client, options, signal)
  await awaitDocuments(client, signal)
  const { turnId } = await client.api(
    "POST /api/turns",
    { body: { kind: "text", text: question, collectionIds, model: options.model, options: { temporary: true } } },
    signal,
  )
  const stop = () => void client.api("DELETE /api/turns/:turnId", { params: { turnId } }).catch(() => {})
  signal.addEventListener("abort", stop, { once: true })

  let turn = emptyTurn(turnId)
  const isLive = !options.json && process.stdout.isTTY
  let hasWritten = false
  for await (const event of client.stream(`/api/turns/${turnId}/events`, signal) as AsyncIterable<TurnEvent>) {
    turn = foldTurn(turn, event)
    if (isLive && event.type === "text-delta" && !event.provisional) {
      hasWritten = true
      process.stdout.write(inPlainText(event.text))
    }
  }
  if (turn.error) throw new AppError(turn.error.code as ErrorCode, turn.error.message, { remedy: turn.error.remedy })

  const cited = turn.passages.filter((passage) => turn.spans.some((span) => span.citations.includes(passage.n)))
  // Without a model there is nothing but what documents say.
  const found = (turn.found ?? false) && (turn.model !== null || cited.length > 0)
  const result = {
    answer: turn.text,
    found,
    citations: cited.map((passage) => ({
      n: passage.n,
      title: passage.title,
      path: passage.path,
      page: passage.page,
      text: passage.text,
    })),
    model: turn.model,
    timings: Object.fromEntries(turn.timings.map((stage) => [stage.name, stage.endMs - stage.startMs])),
  }
  printResult(
    result,
    options.json,
    () => `${hasWritten ? "" : withMarks(turn.text, turn.spans)}\n${sources(found ? cited : turn.closest, found)}`,
  )
  return found ? exitCode.done : exitCode.notFound
}

/** The answer with `[n]` after each supported sentence. */
export function withMarks(text: string, spans: { end: number; citations: number[] }[]): string {
  let marked = text
  for (const span of [...spans].sort((a, b) => b.end - a.end)) {
    const marks = span.citations.map((n) => `[${n}]`).join("")
    // Quoted answers carry their marks already.
    const isMarked = marked.slice(0, span.end).endsWith(marks) || marked.slice(span.end).trimStart().startsWith(marks)
    if (marks && !isMarked) marked = `${marked.slice(0, span.end)} ${marks}${marked.slice(span.end)}`
  }
  return marked
}

function sources(passages: Passage[], found: boolean): string {
  if (passages.length === 0) return ""
  const lines = passages.map(
    (passage) =>
      `[${passage.n}] ${passage.title}${passage.page === null ? "" : `, page ${passage.page}`} (${passage.path})`,
  )
  return `\n${found ? "Sources" : "Closest passages"}\n${lines.join("\n")}`
}

/** The collections that a question names; undefined: all. Throws `collection.not-found`. */
export async function chooseCollections(
  client: Client,
  options: Pick<AskOptions, "docs" | "collection">,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  if (options.docs) {
    const ids = new Set<string>()
    for (const path of options.docs) ids.add(await collectionOf(client, path, options.collection, signal))
    return [...ids]
  }
  if (!options.collection) return undefined
  const { items } = await client.api("GET /api/collections", {}, signal)
  const found = items.find((item) => item.name === options.collection || item.id === options.collection)
  if (!found) {
    throw new AppError("collection.not-found", `There is no collection named "${options.collection}".`, {
      remedy:
        items.length > 0
          ? `Collections: ${items.map((item) => item.name).join(", ")}.`
          : "Add documents with `zenglow ingest PATH --collection NAME`.",
    })
  }
  return [found.id]
}

/** A folder that is watched is compared where its documents are; any other path is read into a collection of its own. */
async function collectionOf(
  client: Client,
  path: string,
  collection: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (!collection && !isWebAddress(path)) {
    const real = await realpath(path).catch(() => null)
    const { items } = await client.api("GET /api/folders", {}, signal)
    const watched = items.find((folder) => folder.path === real)
    if (watched) {
      const looking = await client.api("POST /api/folders/:id/rescan", { params: { id: watched.id } }, signal)
      return (await untilRead(client, looking, signal)).collectionId
    }
  }
  return (await ingestPath(client, path, collection, signal)).collectionId
}
