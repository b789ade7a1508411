import { createHash } from "node:crypto"
import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { createMemories, type Memories } from "#rag/memory/memories.ts"
import { fillWith, withMemories } from "#rag/memory/withMemories.ts"
import { createRecordArtifact, type RecordArtifact } from "#rag/recordArtifact.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import type { ServerDeps } from "#server/deps.ts"
import type { ChunkRepository, Store } from "#store/types.ts"

export interface KnowledgeDeps {
  store: Store
  queryEmbedder: () => Promise<Embedder | null>
  embedder: () => Embedder | null
  changed: (channel: "memory" | "artifacts") => (id: string | null, actor: Actor) => void
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
