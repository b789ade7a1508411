import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createRagService, type RagServiceDeps } from "#app/ragService.ts"
import { answer } from "#chat/answer.ts"
import { answerRouted } from "#chat/answerRouted.ts"
import { recogniseMemory } from "#chat/memory/recogniseMemory.ts"
import type { AnswerInput } from "#chat/runTurn.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeLlm, type FakeLlmScript } from "#engines/fake/fakeLlm.ts"
import type { Embedder } from "#engines/types.ts"
import { readFeedback } from "#rag/feedbackScores.ts"
import { openFusionWeights } from "#rag/fusionWeights.ts"
import { createMemories } from "#rag/memory/memories.ts"
import { fillWith, withMemories } from "#rag/memory/withMemories.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import { createShownLists } from "#rag/shownLists.ts"
import type { RagService } from "#server/deps.ts"
import { createServer } from "#server/http.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createFakeServer, testKey } from "./fakeServerDeps.ts"
import { createRagBench, type RagBench } from "./ragBench.ts"
import { createWordEmbedder } from "./wordEmbedder.ts"

export interface RagServer {
  baseUrl: string
  port: number
  store: Store
  rag: RagBench
  collectionId: string
  /** What the routes retrieve with. */
  retrieval: RetrieveDeps
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

/** The `/rag` routes over real retrieval, a memory store and a scripted model, behind the real server. */
export async function createRagServer(options: {
  documents: Record<string, string>
  llm?: FakeLlmScript
  embedder?: Embedder
  store?: Store
  /** Of the pinned questions, with other shares or (null) with those in force. Default: nothing is pinned. */
  pinnedRecall?: RagServiceDeps["pinnedRecall"]
  /** Changes the service before it is served. */
  wrap?: (service: RagService) => RagService
}): Promise<RagServer> {
  const store = options.store ?? createMemoryStore()
  const rag = createRagBench({ store, ...(options.embedder ? { embedder: options.embedder } : {}) })
  const folder = await mkdtemp(join(tmpdir(), "zenglow-rag-"))
  for (const [name, text] of Object.entries(options.documents)) await writeFile(join(folder, name), text)
  const collectionId = await rag.addPath(folder)
  const fusion = await openFusionWeights(store.settings, ownerActor)
  const memories = createMemories({
    store: store.memories,
    queryEmbedder: rag.retrieveDeps.queryEmbedder,
    onChange: () => {},
    log: silentLogger,
  })
  const retrieval: RetrieveDeps = {
    ...rag.retrieveDeps,
    chunks: withMemories(store.chunks, {
      store: store.memories,
      fill: fillWith(rag.retrieveDeps.queryEmbedder, memories.fill),
      version: memories.version,
    }),
    fusion: () => fusion.current().weights,
    feedback: readFeedback(store.feedback),
  }
  const llm = createFakeLlm({ choose: () => [0.9, 0.1], ...options.llm })
  const deps = {
    retrieval,
    llm: async () => ({ llm, composes: true }),
    settings: async () => ({ topK: 6, answerTokens: 64, temperature: 0.7 }),
    hasDocuments: async () => true,
    passageTokens: () => 280,
    log: silentLogger,
  }
  const routes = {
    memories,
    // biome-ignore lint/correctness/useYield: no question of this bench is answered by whole documents.
    async *whole() {
      return false
    },
    answer: (input: AnswerInput, signal: AbortSignal) => answer(input, deps, signal),
  }
  const service = createRagService({
    retrieval,
    answer: (input, signal) => answerRouted(input, routes, signal),
    persona: async (id) => ({
      id: id ?? "default",
      name: "Test",
      description: "",
      systemPrompt: "Be brief.",
      voice: null,
      temperature: null,
    }),
    isToBeRemembered: (text) => recogniseMemory(text)?.kind === "remember",
    shown: createShownLists({ feedback: store.feedback, onChange: () => {}, log: silentLogger }),
    fusion,
    clock: systemClock,
    embedder: () => createWordEmbedder(),
    pinnedRecall: options.pinnedRecall ?? (async () => null),
  })
  const fake = createFakeServer({ rag: options.wrap?.(service) ?? service, requestsPerTenSeconds: 1_000_000 })
  const server = createServer(fake.deps)
  const { port, baseUrl } = await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
  return {
    baseUrl,
    port,
    store,
    rag,
    collectionId,
    retrieval,
    call: (method, path, body, headers = {}) =>
      fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${testKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    async close() {
      await server.close()
      fake.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
