import type { Actor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import type { DocumentContent, DocumentRecord, Store } from "#store/types.ts"
import type { Chunking } from "../chunking.ts"
import { createIndexFiles } from "../ingest/indexFiles.ts"
import { createVectorStages } from "../ingest/vectorStages.ts"
import type { Target } from "../ingest/work.ts"
import type { Parser } from "../parse/createParser.ts"
import { createVectorIndex } from "../vectorIndex.ts"

type Library = Pick<Store, "documents" | "chunks" | "collections">

export interface FillShadowDeps {
  /** The documents as they are found now. */
  store: Pick<Library, "documents" | "chunks">
  shadow: Library
  parser: Parser
  embedder: () => Embedder | null
  chunking: Chunking
  log: Logger
}

const pageSize = 500

/**
 * Brings the shadow in step with the documents: each is read again and split anew, with its collection's id as its collection's name.
 * Passages whose words stay keep their vectors. A document whose file is gone, or says something else by now, is taken over as it is.
 * What an earlier, interrupted call did is kept.
 */
export async function fillShadow(
  actor: Actor,
  { store, shadow, parser, embedder, chunking, log }: FillShadowDeps,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const vectorIndex = createVectorIndex({ chunks: shadow.chunks, embedder, log })
  const vectors = createVectorStages({ chunks: shadow.chunks, embedder, vectorIndex, log })
  const { documents } = shadow
  const index = createIndexFiles({ documents, parser, embedder, chunking: () => chunking, vectorIndex, vectors, log })

  const wanted = await readyDocuments(actor, store.documents)
  const known = byPlace(await readyDocuments(actor, documents))
  const names = new Map((await shadow.collections.list(actor)).map(({ id, name }) => [name, id]))
  for (const { collectionId } of wanted) {
    if (names.has(collectionId)) continue
    names.set(collectionId, (await shadow.collections.create(actor, { name: collectionId })).id)
  }
  const placeIn = (document: DocumentRecord): string => placeOf(names.get(document.collectionId) ?? "", document.path)
  const places = new Set(wanted.map(placeIn))
  for (const [place, { id }] of known) if (!places.has(place)) await documents.delete(actor, id)
  const isBehind = (own: ReadonlyMap<string, DocumentRecord>) => (document: DocumentRecord) =>
    own.get(placeIn(document))?.contentHash !== document.contentHash

  const behind = wanted.filter(isBehind(known))
  let done = wanted.length - behind.length
  progress(done, wanted.length)
  const earlier = createVectorStages({ chunks: store.chunks, embedder, vectorIndex, log })
  const targets = async function* (): AsyncGenerator<Target> {
    for (const { id, filePath, collectionId, path } of behind) {
      if (filePath === null) continue
      yield {
        collectionId: names.get(collectionId) as string,
        filePath,
        relativePath: path,
        isNamed: true,
        isForced: false,
        earlier: (await earlier.remember(actor, id)) ?? undefined,
      }
    }
  }
  await index(actor, targets(), () => progress(Math.min(++done, wanted.length), wanted.length), signal)
  const left = wanted.filter(isBehind(byPlace(await readyDocuments(actor, documents))))
  for (const document of left) {
    signal.throwIfAborted()
    const collectionId = names.get(document.collectionId) as string
    const { title, path, kind, sizeBytes, filePath, contentHash } = document
    const noted = { collectionId, title, path, kind, sizeBytes, filePath, contentHash }
    const copied = await documents.upsert(actor, noted)
    const content = await contentOf(actor, document, store, embedder()?.fingerprint ?? null)
    await documents.writeContent(actor, copied.document.id, content)
  }
  await vectors.fillVectors(actor, signal)
}

/** Everything that is found of a document. */
export async function contentOf(
  actor: Actor,
  { id, title, kind, pageCount, datedAt, contentHash }: DocumentRecord,
  { documents, chunks }: Pick<Library, "documents" | "chunks">,
  fingerprint: string | null,
): Promise<DocumentContent> {
  const rows = await chunks.byDocument(actor, id)
  const chunkIds = rows.map((row) => row.id)
  const stored = fingerprint === null ? new Map() : await chunks.vectors(actor, { fingerprint, chunkIds })
  const isComplete = fingerprint !== null && rows.every((row) => stored.has(row.id))
  return {
    ...(await documents.text(actor, id)),
    title,
    kind,
    pageCount,
    datedAt: datedAt ?? null,
    contentHash,
    chunks: rows,
    vectors: isComplete ? rows.map((row) => stored.get(row.id) as Float32Array) : null,
    fingerprint: isComplete ? fingerprint : null,
  }
}

/** The actor's own documents that can be found. */
export async function readyDocuments(actor: Actor, documents: Store["documents"]): Promise<DocumentRecord[]> {
  const found: DocumentRecord[] = []
  let cursor: string | undefined
  do {
    const page = await documents.list(actor, { status: "ready", limit: pageSize, ...(cursor ? { cursor } : {}) })
    found.push(...page.items.filter((document) => !("isShared" in document && document.isShared)))
    cursor = page.next ?? undefined
  } while (cursor)
  return found
}

/** Where a document stands: the same in both stores, once the collection is translated. */
export const placeOf = (collection: string, path: string): string => `${collection}/${path}`

const byPlace = (documents: readonly DocumentRecord[]): Map<string, DocumentRecord> =>
  new Map(documents.map((document) => [placeOf(document.collectionId, document.path), document]))
