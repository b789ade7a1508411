import { createHash } from "node:crypto"
import { answerRouted } from "#chat/answerRouted.ts"
import type { AnswerInput } from "#chat/runTurn.ts"
import { shownPassages } from "#chat/shownPassages.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { JobRunner } from "#core/jobs.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { Catalog } from "#models/catalog.ts"
import { createMemories, type Memories } from "#rag/memory/memories.ts"
import { fillWith, withMemories } from "#rag/memory/withMemories.ts"
import { createRecordArtifact, type RecordArtifact } from "#rag/recordArtifact.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import { inspect } from "#rag/why/inspect.ts"
import type { ServerDeps } from "#server/deps.ts"
import type { ChunkRepository, Store } from "#store/types.ts"

export interface KnowledgeDeps {
  store: Store
  queryEmbedder: () => Promise<Embedder | null>
  embedder: () => Embedder | null
  changed: (channel: "memory" | "artifacts") => (id: string | null) => void
  log: Logger
}

/** What ZenGlow keeps beside documents: memories, and the list of artifacts. */
export interface Knowledge {
  memories: Memories
  /** Documents and memories, searched together. */
  chunks: ChunkRepository
  /** `RetrieveDeps.memories`: what was remembered lifts passages that belong to it. */
  related: NonNullable<RetrieveDeps["memories"]>
  record: RecordArtifact
  memoryService: ServerDeps["memory"]
  artifactService: ServerDeps["artifacts"]
}

export function createKnowledge({ store, queryEmbedder, changed, log }: KnowledgeDeps): Knowledge {
  const memories = createMemories({ store: store.memories, queryEmbedder, onChange: changed("memory"), log })
  const record = createRecordArtifact(store.artifacts, changed("artifacts"), log)
  return {
    memories,
    chunks: withMemories(store.chunks, {
      store: store.memories,
      fill: fillWith(queryEmbedder, memories.fill),
      version: memories.version,
    }),
    related: (actor, query) => memories.related(actor, query),
    record,
    memoryService: {
      list: memories.list,
      async add(actor, { text, weight, conversationId = null, messageId = null }, signal) {
        const kind = conversationId === null ? "added" : "chat"
        return (await memories.remember(actor, { text, weight, kind, conversationId, messageId }, signal)).memory
      },
      change: memories.change,
      forget: memories.forget,
      forgetAll: memories.forgetAll,
    },
    artifactService: {
      list: store.artifacts.list,
      get: store.artifacts.get,
      setTags: store.artifacts.setTags,
      delete: store.artifacts.delete,
      async exported(actor, { name, body, format, provenance }) {
        const bytes = Buffer.from(body)
        await record(actor, {
          kind: "export",
          name,
          hash: createHash("sha256").update(bytes).digest("hex"),
          sizeBytes: bytes.byteLength,
          tags: ["export", format],
          provenance,
        })
      },
    },
  }
}

/** `why`: the same retrieval that answers, followed for one document. */
export const createWhy =
  (deps: {
    store: Store
    retrieval: RetrieveDeps
    embedder: () => Embedder | null
    topK: () => number
    passageTokens: () => number
  }): ServerDeps["why"] =>
  (actor, asked, signal) =>
    inspect(
      actor,
      asked,
      {
        ...deps,
        shown: (question, retrieval, inner) => shownPassages(question, retrieval, deps.passageTokens(), inner),
      },
      signal,
    )

/** Every answer's way: memory, whole documents, or the best passages. */
export const routedAnswer =
  (
    memories: Memories,
    whole: (input: AnswerInput, signal: AbortSignal) => AsyncGenerator<TurnEventBody, boolean>,
    answer: (input: AnswerInput, signal: AbortSignal) => AsyncIterable<TurnEventBody>,
  ) =>
  (input: AnswerInput, signal: AbortSignal): AsyncIterable<TurnEventBody> =>
    answerRouted(input, { memories, whole, answer }, signal)

/** A job's runner that notes what it made when it is done. A note that cannot be written never fails the job. */
export const recorded = (
  runner: JobRunner,
  log: Logger,
  note: (job: Parameters<JobRunner["run"]>[0], actor: Actor) => Promise<void>,
): JobRunner => ({
  ...runner,
  async run(job, actor, report, signal) {
    await runner.run(job, actor, report, signal)
    await note(job, actor).catch((error: unknown) => log.warn("an artifact could not be recorded", { error }))
  },
})

/**
 * Notes the state of a collection's index, or of everything: its hash is that of the listed documents' own hashes and of the embedder, so
 * the same files indexed the same way have the same hash. An index that did not change is not noted again.
 */
export async function recordIndex(
  actor: Actor,
  { store, embedder, record }: Pick<KnowledgeDeps, "store" | "embedder"> & Pick<Knowledge, "record">,
  collectionId: string | null,
): Promise<void> {
  const state = createHash("sha256").update(embedder()?.fingerprint ?? "words")
  let documents = 0
  let passages = 0
  let sizeBytes = 0
  let cursor: string | undefined
  do {
    const query = { limit: 500, status: "ready" as const, ...(cursor ? { cursor } : {}) }
    const page = await store.documents.list(actor, collectionId === null ? query : { ...query, collectionId })
    for (const document of page.items) {
      state.update(`\n${document.collectionId} ${document.path} ${document.contentHash}`)
      documents++
      passages += document.chunkCount
      sizeBytes += document.sizeBytes
    }
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  const hash = state.digest("hex")
  const known = await store.artifacts.list(actor, { kind: "index", q: hash, limit: 1 })
  if (documents === 0 || known.items.length > 0) return
  const collection = collectionId === null ? null : await store.collections.get(actor, collectionId)
  await record(actor, {
    kind: "index",
    name: collection?.name ?? "All documents",
    hash,
    sizeBytes,
    tags: ["index", collection ? "collection" : "all", embedder()?.modelId ?? "words"],
    provenance: {
      collectionId,
      documents,
      passages,
      embedder: embedder()?.modelId ?? null,
      fingerprint: embedder()?.fingerprint ?? null,
    },
  })
}

/** Notes a model that arrived, with the hash the catalogue promises and the download has checked. */
export async function recordModel(
  actor: Actor,
  modelId: string,
  { catalog, record }: { catalog: Catalog } & Pick<Knowledge, "record">,
): Promise<void> {
  if (!catalog.has(modelId)) return
  const { name, role, licence, sizeBytes, files, sources } = catalog.get(modelId)
  const [only] = files
  const hash =
    files.length === 1 && only
      ? only.sha256
      : createHash("sha256")
          .update(files.map((file) => `${file.sha256}  ${file.name}\n`).join(""))
          .digest("hex")
  await record(actor, {
    kind: "model",
    name,
    hash,
    sizeBytes,
    tags: ["model", role, licence.toLowerCase()],
    provenance: { modelId, licence, files: files.length, sources: sources.map((source) => source.kind).join(", ") },
  })
}

/** Notes the dataset of an evaluation once: the same questions have the same hash. */
export async function recordDataset(
  actor: Actor,
  runId: string,
  { store, record }: Pick<KnowledgeDeps, "store"> & Pick<Knowledge, "record">,
): Promise<void> {
  const { name, datasetHash, kind, questions } = await store.evaluations.run(actor, runId)
  const known = await store.artifacts.list(actor, { kind: "dataset", q: datasetHash, limit: 1 })
  if (known.items.length > 0) return
  await record(actor, {
    kind: "dataset",
    name,
    hash: datasetHash,
    sizeBytes: null,
    tags: ["dataset", kind],
    provenance: { questions, firstRunId: runId },
  })
}
