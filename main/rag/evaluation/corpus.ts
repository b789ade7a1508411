import { createHash } from "node:crypto"
import type { Actor } from "#core/actor.ts"
import type { Embedder } from "#engines/types.ts"
import type { Store } from "#store/types.ts"
import { passageInput } from "../passageInput.ts"
import type { EvalDataset } from "./dataset.ts"

/** Documents embedded at once. */
const batchSize = 64

/**
 * Makes a test collection searchable: one document, one passage each. What an earlier, interrupted call did is kept, so a store that is
 * used again embeds nothing twice. Returns the collection's id.
 */
export async function indexCorpus(
  actor: Actor,
  { name, corpus, hash }: Pick<EvalDataset, "name" | "hash"> & { corpus: NonNullable<EvalDataset["corpus"]> },
  deps: { store: Store; embedder: Embedder },
  signal: AbortSignal,
  progress: (done: number, total: number) => void = () => {},
): Promise<string> {
  const { store, embedder } = deps
  const label = `${name} ${hash.slice(0, 12)}`
  const known = await store.collections.findByName(actor, label)
  const collection = known ?? (await store.collections.create(actor, { name: label }))
  for (let at = 0; at < corpus.length; at += batchSize) {
    signal.throwIfAborted()
    const added: { id: string; title: string; text: string }[] = []
    for (const { id, title, text } of corpus.slice(at, at + batchSize)) {
      const { document } = await store.documents.upsert(actor, {
        collectionId: collection.id,
        title,
        path: id,
        kind: "txt",
        sizeBytes: text.length,
        filePath: null,
        contentHash: createHash("sha256").update(`${title}\0${text}`).digest("hex"),
      })
      if (document.status !== "ready") added.push({ id: document.id, title, text })
    }
    const texts = added.map(({ title, text }) => passageInput({ title, headingPath: [], text }))
    const vectors = added.length > 0 ? await embedder.embed(texts, "passage", signal) : []
    for (const [index, { id, text }] of added.entries()) {
      await store.documents.writeContent(actor, id, {
        text,
        pages: [],
        pageCount: null,
        chunks: [{ ordinal: 0, text, headingPath: [], page: null, start: 0, end: text.length, tokenCount: 0 }],
        vectors: [vectors[index] as Float32Array],
        fingerprint: embedder.fingerprint,
      })
    }
    progress(Math.min(corpus.length, at + batchSize), corpus.length)
  }
  await store.chunks.setActiveIndex(embedder.fingerprint)
  return collection.id
}
