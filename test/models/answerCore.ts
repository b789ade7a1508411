import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bootCore } from "#app/bootCore.ts"
import { createClient } from "#cli/client.ts"
import { ingestPath } from "#cli/ingest.ts"
import { type SpokenTurn, socketTurn } from "#cli/socketTurn.ts"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import { loadConfig } from "#core/config.ts"
import { modelsDir } from "./modelFiles.ts"

export interface AskedTurn {
  turn: TurnState
  /** Milliseconds from the request to the event; null when there was none. */
  quoteMs: number | null
  firstTextMs: number | null
  totalMs: number
}

/** A whole core on a temporary data directory, with one folder of documents read, asked over HTTP as programs do. */
export interface AnswerCore {
  ask(question: string): Promise<AskedTurn>
  /** The same question spoken: samples at 16 kHz, all at once, then the key goes up. */
  speak(samples: Float32Array): Promise<SpokenTurn>
  close(): Promise<void>
}

export async function openAnswerCore(documents: string, threads?: number): Promise<AnswerCore> {
  const signal = new AbortController().signal
  const dataDir = await mkdtemp(join(tmpdir(), "zenglow-answers-"))
  const config = loadConfig({ dataDir, modelsDir, port: 0, offline: true, logLevel: "error", threads }, {})
  const core = await bootCore(config)
  const client = createClient(core.baseUrl, core.apiKey, { isOwn: true })
  const { collectionId } = await ingestPath(client, documents, undefined, signal)
  return {
    async ask(question) {
      const startedAt = performance.now()
      const { turnId } = await client.api(
        "POST /api/turns",
        { body: { kind: "text", text: question, collectionIds: [collectionId], options: { temporary: true } } },
        signal,
      )
      let turn = emptyTurn(turnId)
      let quoteMs: number | null = null
      let firstTextMs: number | null = null
      const events = client.stream(`/api/turns/${turnId}/events`, signal) as AsyncIterable<TurnEvent>
      for await (const event of events) {
        turn = foldTurn(turn, event)
        if (event.type === "quote") quoteMs ??= performance.now() - startedAt
        if (event.type === "text-delta") firstTextMs ??= performance.now() - startedAt
      }
      return { turn, quoteMs, firstTextMs, totalMs: performance.now() - startedAt }
    },
    speak: (samples) => socketTurn(client, samples, [collectionId], signal),
    async close() {
      await core.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
