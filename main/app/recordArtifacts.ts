import { createHash } from "node:crypto"
import type { Actor } from "#core/actor.ts"
import type { Embedder } from "#engines/types.ts"
import type { Catalog } from "#models/catalog.ts"
import type { RecordArtifact } from "#rag/recordArtifact.ts"
import type { Store } from "#store/types.ts"

export interface RecordDeps {
  store: Pick<Store, "documents" | "collections" | "artifacts" | "evaluations">
  catalog: Catalog
  /** Null: passages are found by words only. */
  embedder(): Embedder | null
  /** Names how documents are split. */
  chunking(): string
  record: RecordArtifact
}

/**
 * Notes the state of a collection's index, or of everything: its hash is that of the listed documents' own hashes, of the embedder and of
 * how documents are split, so the same files indexed the same way have the same hash. An index that did not change is not noted again.
 */
export async function recordIndex(
  actor: Actor,
  { store, embedder, chunking, record }: Pick<RecordDeps, "store" | "embedder" | "chunking" | "record">,
  collectionId: string | null,
): Promise<void> {
  const state = createHash("sha256").update(`${embedder()?.fingerprint ?? "words"} ${chunking()}`)
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
      chunking: chunking(),
    },
  })
}

/** Notes a model that arrived, with the hash the catalogue promises and the download has checked. */
export async function recordModel(
  actor: Actor,
  modelId: string,
  { catalog, record }: Pick<RecordDeps, "catalog" | "record">,
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
  { store, record }: Pick<RecordDeps, "store" | "record">,
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
