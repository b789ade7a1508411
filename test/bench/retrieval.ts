/**
 * Retrieval quality on Cranfield (1,400 abstracts, 225 questions): words alone, vectors alone, reciprocal rank fusion, and the product's
 * fusion, each with its gain and a 95 % interval. Vectors are made once and kept in the system's temporary folder. `--weights` also
 * prints other shares of the two rankings. Then the speed of search (`retrievalSpeed.ts`), unless `--quality` is given.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { type JudgedQuery, mean, pairedDifference, scoreRankings } from "#rag/evaluate.ts"
import { fuse, reciprocalRankFusion, type SearchShares } from "#rag/fuse.ts"
import { passageInput } from "#rag/passageInput.ts"
import { queryTerms } from "#rag/queryTerms.ts"
import { retrievePassages } from "#rag/retrieve.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { LexicalHit, VectorHit } from "#store/types.ts"
import { miniLmFiles, testdataDir } from "../models/modelFiles.ts"
import { openMiniLm, questionTimes } from "./shared/miniLm.ts"

const folder = join(testdataDir() ?? "testdata", "ir", "cranfield")
const signal = new AbortController().signal

if (!existsSync(folder)) console.log("retrieval: not run (no Cranfield collection among the test data)")
else if (!existsSync(miniLmFiles.modelPath)) console.log("retrieval: not run (no embedder installed)")
else await run()
if (!process.argv.includes("--quality")) await import("./retrievalSpeed.ts")

async function run(): Promise<void> {
  const documents = readDocuments()
  const queries = readQueries()
  const { embedder, stop } = openMiniLm()
  const database = mkdtempSync(join(tmpdir(), "zenglow-bench-"))
  const store = await openSqliteStore({ file: join(database, "bench.db"), backupDir: database, log: silentLogger })
  try {
    const texts = documents.map(({ title, text }) => passageInput({ title, headingPath: [], text }))
    const passages = await cached("passages", texts, () => embedder.embed(texts, "passage", signal))
    const questions = queries.map(({ query }) => queryTerms(query).text)
    const vectors = await cached("queries", questions, () => embedder.embed(questions, "query", signal))

    const collection = await store.collections.create(ownerActor, { name: "Cranfield" })
    const collectionIds = [collection.id]
    for (const [index, { id, title, text }] of documents.entries()) {
      const { document } = await store.documents.upsert(ownerActor, {
        collectionId: collection.id,
        title,
        path: id,
        kind: "txt",
        sizeBytes: text.length,
        filePath: null,
        contentHash: id,
      })
      const chunk = { ordinal: 0, text, headingPath: [], page: null, start: 0, end: text.length, tokenCount: 0 }
      await store.documents.writeContent(ownerActor, document.id, {
        text,
        pages: [],
        pageCount: null,
        chunks: [chunk],
        vectors: [passages[index]!],
        fingerprint: embedder.fingerprint,
      })
    }
    await store.chunks.setActiveIndex(embedder.fingerprint)

    const lists: { lexical: LexicalHit[]; dense: VectorHit[] }[] = []
    for (const [index, { query }] of queries.entries()) {
      const terms = queryTerms(query).terms.map((term) => term.word)
      const vector = vectors[index]!
      const lexical = await store.chunks.searchLexical(ownerActor, { terms, collectionIds, limit: 100 })
      const request = { vector, fingerprint: embedder.fingerprint, collectionIds, limit: 1400 }
      const dense = await store.chunks.searchVector(ownerActor, request)
      lists.push({ lexical, dense })
    }
    const lexical = lists.map((list) => list.lexical.map((hit) => hit.chunk.documentPath))
    const dense = lists.map((list) => list.dense.slice(0, 100).map((hit) => hit.chunk.documentPath))
    const rrf = lists.map((_, index) => reciprocalRankFusion([lexical[index]!, dense[index]!]).map(({ id }) => id))
    const fused = (weights?: SearchShares): string[][] =>
      lists.map((list) => {
        const bm25 = new Map(list.lexical.map((hit) => [hit.chunk.documentPath, hit.bm25]))
        const similarity = new Map(list.dense.map((hit) => [hit.chunk.documentPath, hit.similarity]))
        const near = list.dense.slice(0, 100).map((hit) => hit.chunk.documentPath)
        const ids = [...new Set([...bm25.keys(), ...near])]
        const scores = fuse(
          ids.map((id) => ({ bm25: bm25.get(id) ?? null, similarity: similarity.get(id) ?? null })),
          weights,
          {
            bm25: list.lexical.length >= 100 ? list.lexical.at(-1)!.bm25 : 0,
            similarity: list.dense[99]!.similarity,
          },
        )
        return ids
          .map((id, at) => ({ id, score: scores[at]!.score }))
          .sort((a, b) => b.score - a.score)
          .map(({ id }) => id)
      })
    const product: string[][] = []
    let searchMs = 0
    for (const [index, { query }] of queries.entries()) {
      const queryEmbedder = async () => ({ ...embedder, embed: async () => [vectors[index]!] })
      const deps = { chunks: store.chunks, clock: systemClock, queryEmbedder }
      const retrieval = await retrievePassages(ownerActor, { query, collectionIds, topK: 100 }, deps, signal)
      searchMs += retrieval.searchMs
      product.push(retrieval.ranked.map((ranked) => ranked.chunk.documentPath))
    }

    console.log(`retrieval: Cranfield, ${documents.length} documents, ${queries.length} questions, MiniLM f32`)
    const baseline = print("BM25", queries, lexical)
    print("vectors", queries, dense, baseline)
    const fusion = print("RRF k=60", queries, rrf, baseline)
    print("fusion", queries, fused(), fusion)
    print("product", queries, product, fusion)
    console.log(
      `  search per question ${(searchMs / queries.length).toFixed(1)} ms, the question's embedding not counted`,
    )
    console.log(`  embedding a question, one at a time: ${await questionTimes(embedder, questions)}`)
    if (process.argv.includes("--weights")) {
      for (const vector of [0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]) {
        print(`vector share ${vector}`, queries, fused({ lexical: 1 - vector, vector }), fusion)
      }
    }
  } finally {
    await store.close()
    await stop()
    rmSync(database, { recursive: true, force: true })
  }
}

function print(name: string, queries: JudgedQuery[], rankings: string[][], against?: number[]): number[] {
  const { ndcg, recall100 } = scoreRankings(queries, rankings)
  const gain = against ? pairedDifference(against, ndcg) : null
  const change = gain
    ? `  ${gain.mean >= 0 ? "+" : ""}${gain.mean.toFixed(4)} [${gain.low.toFixed(4)}, ${gain.high.toFixed(4)}]`
    : ""
  console.log(`  ${name.padEnd(18)} nDCG@10 ${mean(ndcg).toFixed(4)}  R@100 ${mean(recall100).toFixed(4)}${change}`)
  return ndcg
}

/** Vectors of these texts, from the temporary folder when they were made before. */
async function cached(name: string, texts: string[], make: () => Promise<Float32Array[]>): Promise<Float32Array[]> {
  const hash = createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 16)
  const file = join(tmpdir(), `zenglow-cranfield-${name}-${hash}.f32`)
  if (!existsSync(file)) {
    const made = await make()
    writeFileSync(
      file,
      Buffer.concat(made.map((vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))),
    )
  }
  const bytes = readFileSync(file)
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const dimensions = values.length / texts.length
  return texts.map((_, index) => values.slice(index * dimensions, (index + 1) * dimensions))
}

function readDocuments(): { id: string; title: string; text: string }[] {
  return readFileSync(join(folder, "cran.all.1400"), "utf8")
    .replaceAll("\r", "")
    .split(/^\.I /m)
    .slice(1)
    .map((record) => {
      const [id = ""] = record.split("\n", 1)
      const title = /^\.T\n([\s\S]*?)^\.A/m.exec(record)?.[1] ?? ""
      const text = /^\.W\n([\s\S]*)/m.exec(record)?.[1] ?? ""
      const flat = (value: string): string => value.replace(/\s+/g, " ").trim()
      return { id: id.trim(), title: flat(title), text: flat(text) }
    })
}

/** Judgements name questions by position. Grade 1 is best, 4 least; below 1 means not relevant. */
function readQueries(): JudgedQuery[] {
  const texts = readFileSync(join(folder, "cran.qry"), "utf8")
    .replaceAll("\r", "")
    .split(/^\.I \d+\s*\n\.W\n/m)
    .slice(1)
    .map((query) => query.replace(/\s+/g, " ").trim())
  const gains = texts.map(() => new Map<string, number>())
  for (const line of readFileSync(join(folder, "cranqrel"), "utf8").split("\n")) {
    const [query, document, grade] = line.trim().split(/\s+/)
    if (document && Number(grade) >= 1) gains[Number(query) - 1]?.set(document, 5 - Number(grade))
  }
  return texts.map((query, index) => ({ query, gains: gains[index]! }))
}
