import { availableParallelism } from "node:os"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createOnnxEmbedder } from "#engines/onnx/embedder.ts"
import type { Embedder } from "#engines/types.ts"
import { miniLmFiles } from "../../models/modelFiles.ts"

export interface MiniLmOptions {
  /** Default: all cores. */
  threads?: number
  /** Default: 256. */
  maxTokens?: number
  /** Requests that may be under way at once. Default: the host client's. */
  concurrency?: number
}

/** The default embedder in a child of its own, as the product runs it. */
export function openMiniLm(options: MiniLmOptions = {}): { embedder: Embedder; stop(): Promise<void> } {
  const { threads = Math.max(1, availableParallelism()), maxTokens = 256, concurrency } = options
  const client = createHostClient<OnnxContract>({
    name: "onnx",
    adapter: createForkAdapter({ entry: new URL("../../../main/engines/onnx/entry.ts", import.meta.url) }),
    log: silentLogger,
    ...(concurrency === undefined ? {} : { concurrency }),
  })
  const embedder = createOnnxEmbedder({
    client,
    model: { id: "all-minilm-l6-v2", ...miniLmFiles, dimensions: 384, maxTokens, pooling: "mean", sha256: "bench" },
    threads,
  })
  return { embedder, stop: () => client.stop() }
}

/** What a question adds before the first event of a search: its embedding alone, one at a time. */
export async function questionTimes(embedder: Embedder, questions: readonly string[]): Promise<string> {
  const { signal } = new AbortController()
  const times: number[] = []
  for (const question of questions) {
    const startedAt = performance.now()
    await embedder.embed([question], "query", signal)
    times.push(performance.now() - startedAt)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): string => times[Math.floor((times.length - 1) * share)]!.toFixed(1)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms (${times.length} questions)`
}
