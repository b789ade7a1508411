import type { z } from "zod"
import type { WhyOutcome, WhyReport, whyStep } from "#contract/why.ts"
import type { Actor } from "#core/actor.ts"
import type { Embedder } from "#engines/types.ts"
import type { ChunkRecord, DocumentRecord, Store } from "#store/types.ts"
import { deduplicate } from "../deduplicate.ts"
import { queryTerms } from "../queryTerms.ts"
import { answerFloor } from "../relevance.ts"
import { type RankedChunk, type Retrieval, type RetrieveDeps, retrievePassages } from "../retrieve.ts"
import { type Finding, fixFor } from "./fixes.ts"

export interface InspectDeps {
  store: Pick<Store, "documents" | "chunks" | "collections">
  retrieval: RetrieveDeps
  /** The embedder in use now. Null: none. */
  embedder: () => Embedder | null
  /** Passages an answer is given at most. */
  topK: () => number
  /** Ids of the passages that have room in the prompt of an answer. */
  shown: (question: string, retrieval: Retrieval, signal: AbortSignal) => Promise<ReadonlySet<string>>
}

export interface Inspected {
  documentId: string
  question: string
  /** Null: all collections. */
  collectionIds: string[] | null
}

type Step = z.infer<typeof whyStep>

/** How far down the lists are looked at. */
const listed = 1000
const widest = 200
const shownWinners = 3

/**
 * Follows one document through everything that happens between its file and an answer, and names the first thing that kept it out.
 * Reads only: asks the same functions that answer questions. Throws `document.not-found`, `collection.not-found`.
 */
export async function inspect(
  actor: Actor,
  asked: Inspected,
  deps: InspectDeps,
  signal: AbortSignal,
): Promise<WhyReport> {
  const document = await deps.store.documents.get(actor, asked.documentId)
  const steps: Step[] = []
  const chunks = document.chunkCount > 0 ? await deps.store.chunks.byDocument(actor, document.id) : []
  const readable = await readingOf(actor, document, chunks, deps, steps)
  const embedding = readable ? null : await embeddingOf(actor, chunks, deps, steps)
  const excluded = readable ? null : await filterOf(actor, document, asked, deps, steps)
  const blocked = readable ?? excluded
  if (blocked) {
    const rest = ["embed", "filter", "lexical", "vector", "fusion", "threshold", "budget"] as const
    for (const name of rest)
      if (!steps.some((step) => step.name === name)) steps.push({ name, status: "skipped", detail: "Not reached." })
    return report(document, asked, steps, blocked, { best: null, confidence: 0, winners: [] })
  }
  const search = await searchOf(actor, document, chunks, asked, deps, steps, signal)
  const finding =
    search.finding.outcome === "used" ? search.finding : (overriding(embedding, search.finding) ?? search.finding)
  return report(document, asked, steps, finding, search)
}

/** A document that is not searched by meaning is beaten for that reason, not by rank. */
function overriding(embedding: Finding | null, finding: Finding): Finding | null {
  const mayFollow: WhyOutcome[] = ["no-match", "beaten-by-rank", "below-threshold"]
  return embedding && mayFollow.includes(finding.outcome) ? embedding : null
}

/** Parsing and chunking. Null: both went well. */
async function readingOf(
  actor: Actor,
  document: DocumentRecord,
  chunks: readonly ChunkRecord[],
  deps: InspectDeps,
  steps: Step[],
): Promise<Finding | null> {
  const { status, error } = document
  if (status === "failed" && error) {
    steps.push({ name: "parse", status: "failed", detail: error.message })
    steps.push({ name: "chunk", status: "skipped", detail: "Not reached." })
    const isTextless = error.code === "document.no-text" || error.code === "document.empty"
    return { outcome: isTextless ? "no-text" : "parse-failed", detail: error.message, remedy: error.remedy }
  }
  if (chunks.length === 0 && status !== "ready") {
    steps.push({ name: "parse", status: "skipped", detail: `Being read: ${document.stage}.` })
    steps.push({ name: "chunk", status: "skipped", detail: "Not reached." })
    return { outcome: "not-ready" }
  }
  const { text } = await deps.store.documents.text(actor, document.id)
  if (text.trim() === "") {
    steps.push({ name: "parse", status: "failed", detail: "The file was read and holds no text." })
    steps.push({ name: "chunk", status: "skipped", detail: "Not reached." })
    return { outcome: "no-text" }
  }
  steps.push({
    name: "parse",
    status: status === "ready" ? "ok" : "warning",
    detail: `${text.length.toLocaleString("en")} characters of text${document.pageCount ? ` on ${document.pageCount} pages` : ""}${status === "ready" ? "" : "; being read again"}.`,
  })
  if (chunks.length === 0) {
    steps.push({ name: "chunk", status: "failed", detail: "The text was not cut into passages." })
    return { outcome: "not-chunked" }
  }
  steps.push({ name: "chunk", status: "ok", detail: `${count(chunks.length, "passage")}.` })
  return null
}

/** Whether questions can be compared with this document by meaning. Null: they can. */
async function embeddingOf(
  actor: Actor,
  chunks: readonly ChunkRecord[],
  deps: InspectDeps,
  steps: Step[],
): Promise<Finding | null> {
  const current = deps.embedder()
  const [querying, { active, counts }] = await Promise.all([
    deps.retrieval.queryEmbedder(),
    deps.store.chunks.indexes(),
  ])
  const fail = (finding: Finding, detail: string): Finding => {
    steps.push({ name: "embed", status: "failed", detail })
    return { ...finding, detail }
  }
  const chunkIds = chunks.map(({ id }) => id)
  const embeddedIn = async (embedder: Embedder): Promise<number> =>
    (
      await deps.store.chunks.similarities(actor, {
        vector: unit(embedder.dimensions),
        fingerprint: embedder.fingerprint,
        chunkIds,
      })
    ).size
  if (!querying) {
    if (active !== null && current) {
      return fail({ outcome: "wrong-embedder" }, "The index was made with another embedding model than the one in use.")
    }
    return fail({ outcome: "not-embedded" }, "There is no index for search by meaning.")
  }
  const embedded = await embeddedIn(querying)
  if (embedded === 0) {
    const others = Object.entries(counts).some(([fingerprint, n]) => fingerprint !== querying.fingerprint && n > 0)
    const isForeign = others && current !== null && current.fingerprint !== querying.fingerprint
    return isForeign
      ? fail({ outcome: "wrong-embedder" }, "Its vectors are of another embedding model than the one questions use.")
      : fail({ outcome: "not-embedded" }, "It has no vectors, so it is found by its words only.")
  }
  const isOld = current !== null && current.fingerprint !== querying.fingerprint
  steps.push({
    name: "embed",
    status: embedded < chunks.length || isOld ? "warning" : "ok",
    detail: isOld
      ? "Searched with the former embedding model until the new index is complete."
      : `${embedded} of ${count(chunks.length, "passage")} have vectors of ${querying.modelId}.`,
  })
  return null
}

async function filterOf(
  actor: Actor,
  document: DocumentRecord,
  { collectionIds }: Inspected,
  { store }: InspectDeps,
  steps: Step[],
): Promise<Finding | null> {
  if (collectionIds === null) {
    steps.push({ name: "filter", status: "ok", detail: "All collections are searched." })
    return null
  }
  const names = await Promise.all(collectionIds.map(async (id) => (await store.collections.get(actor, id)).name))
  const own = (await store.collections.get(actor, document.collectionId)).name
  if (collectionIds.includes(document.collectionId)) {
    steps.push({ name: "filter", status: "ok", detail: `It is in “${own}”, which is searched.` })
    return null
  }
  const detail = `It is in “${own}”; searched ${names.length === 1 ? "is" : "are"} only ${names.map((name) => `“${name}”`).join(", ") || "no collection"}.`
  steps.push({ name: "filter", status: "failed", detail })
  return { outcome: "excluded-by-filter", detail }
}

interface Searched {
  finding: Finding
  best: WhyReport["best"]
  confidence: number
  winners: WhyReport["winners"]
}

async function searchOf(
  actor: Actor,
  document: DocumentRecord,
  chunks: readonly ChunkRecord[],
  asked: Inspected,
  deps: InspectDeps,
  steps: Step[],
  signal: AbortSignal,
): Promise<Searched> {
  const { question, collectionIds } = asked
  const topK = deps.topK()
  const request = { query: question, collectionIds, topK }
  const retrieval = await retrievePassages(actor, request, deps.retrieval, signal)
  const wide = await retrievePassages(actor, { ...request, topK: Math.max(widest, topK) }, deps.retrieval, signal)
  const isOwn = (id: string): boolean => chunks.some((chunk) => chunk.id === id)
  const terms = queryTerms(question).terms.map((term) => term.word)
  const lexical = await deps.retrieval.chunks.searchLexical(actor, { terms, collectionIds, limit: listed })
  const { vector, embedder } = retrieval
  const nearest =
    vector && embedder
      ? await deps.retrieval.chunks.searchVector(actor, {
          vector,
          fingerprint: embedder.fingerprint,
          collectionIds,
          limit: listed,
        })
      : []
  const rankIn = (list: readonly { chunk: ChunkRecord }[], id?: string): number | null => {
    const place = list.findIndex(({ chunk }) => (id === undefined ? isOwn(chunk.id) : chunk.id === id))
    return place < 0 ? null : place + 1
  }
  const placed =
    wide.ranked.find(({ chunk }) => isOwn(chunk.id))?.chunk ??
    lexical.find(({ chunk }) => isOwn(chunk.id))?.chunk ??
    nearest.find(({ chunk }) => isOwn(chunk.id))?.chunk ??
    (chunks[0] as ChunkRecord)
  const own = wide.ranked.find(({ chunk }) => chunk.id === placed.id)
  const best: NonNullable<WhyReport["best"]> = {
    chunkId: placed.id,
    text: placed.text.slice(0, 500),
    headingPath: placed.headingPath,
    page: placed.page,
    lexicalRank: rankIn(lexical, placed.id),
    vectorRank: rankIn(nearest, placed.id),
    fusedRank: rankIn(wide.ranked, placed.id),
    score: own?.score ?? null,
    similarity: nearest.find(({ chunk }) => chunk.id === placed.id)?.similarity ?? null,
  }
  steps.push(
    rankStep(
      "lexical",
      best.lexicalRank,
      lexical.length,
      `None of the words ${terms.map((term) => `“${term}”`).join(", ")} stands in it.`,
    ),
    embedder
      ? rankStep("vector", best.vectorRank, nearest.length, "Its passages are not among the nearest by meaning.")
      : { name: "vector", status: "skipped", detail: "Search by meaning is not available." },
  )
  const inAnswer = retrieval.ranked.filter(({ chunk }) => isOwn(chunk.id))
  const winners = retrieval.ranked.filter(({ chunk }) => !isOwn(chunk.id)).slice(0, shownWinners)
  const finding = await outcomeOf({ asked, document, placed, best, retrieval, inAnswer, topK, steps }, deps, signal)
  return { finding, best, confidence: retrieval.confidence, winners: winners.map(toWinner) }
}

const toWinner = ({ chunk, score }: RankedChunk): WhyReport["winners"][number] => ({
  documentId: chunk.documentId,
  title: chunk.documentTitle,
  textPreview: chunk.text.slice(0, 200),
  score,
})

const rankStep = (name: "lexical" | "vector", rank: number | null, of: number, none: string): Step =>
  rank === null
    ? { name, status: "warning", detail: none }
    : {
        name,
        status: "ok",
        detail: `Its best passage is number ${rank} of ${of} by ${name === "lexical" ? "words" : "meaning"}.`,
      }

interface Standing {
  asked: Inspected
  document: DocumentRecord
  placed: ChunkRecord
  best: NonNullable<WhyReport["best"]>
  retrieval: Retrieval
  inAnswer: readonly RankedChunk[]
  topK: number
  steps: Step[]
}

/** Fusion, threshold and budget. */
async function outcomeOf(standing: Standing, deps: InspectDeps, signal: AbortSignal): Promise<Finding> {
  const { asked, placed, best, retrieval, inAnswer, topK, steps } = standing
  const skip = (...names: Step["name"][]): void => {
    for (const name of names) steps.push({ name, status: "skipped", detail: "Not reached." })
  }
  if (inAnswer.length === 0) {
    const twin = retrieval.ranked.find(
      ({ chunk }) => deduplicate([chunk, placed], (piece) => piece, 2).length === 1,
    )?.chunk
    if (twin) {
      const detail = `“${twin.documentTitle}” says nearly the same and stands higher, so this passage is left out.`
      steps.push({ name: "fusion", status: "failed", detail })
      skip("threshold", "budget")
      return { outcome: "beaten-by-duplicate", detail }
    }
    if (best.lexicalRank === null && (best.vectorRank === null || best.fusedRank === null)) {
      steps.push({ name: "fusion", status: "failed", detail: "Neither its words nor its meaning match the question." })
      skip("threshold", "budget")
      return { outcome: "no-match" }
    }
    const detail = `Its best passage is ${best.fusedRank === null ? `below number ${widest}` : `number ${best.fusedRank}`}; an answer reads the first ${topK}, or more where the search is unsure.`
    steps.push({ name: "fusion", status: "failed", detail })
    skip("threshold", "budget")
    return { outcome: "beaten-by-rank", detail }
  }
  const place = retrieval.ranked.indexOf(inAnswer[0] as RankedChunk) + 1
  steps.push({
    name: "fusion",
    status: "ok",
    detail: `Number ${place} of the ${retrieval.ranked.length} passages taken.`,
  })
  if (!retrieval.found) {
    const detail =
      retrieval.unknown.length > 0
        ? `No document knows ${retrieval.unknown.map((name) => `“${name}”`).join(", ")}, so the question counts as not answered.`
        : `The passages found answer with a likelihood of ${percent(retrieval.confidence)}; ${percent(answerFloor)} are needed.`
    steps.push({ name: "threshold", status: "failed", detail })
    skip("budget")
    return { outcome: "below-threshold", detail }
  }
  steps.push({
    name: "threshold",
    status: "ok",
    detail: `The passages found answer with a likelihood of ${percent(retrieval.confidence)}.`,
  })
  const shown = await deps.shown(asked.question, retrieval, signal)
  const room = inAnswer.filter(({ chunk }) => shown.has(chunk.id))
  if (room.length === 0) {
    const detail =
      "Found, but the prompt had no room left for it: better passages filled what this machine reads in time."
    steps.push({ name: "budget", status: "failed", detail })
    return { outcome: "cut-by-budget", detail }
  }
  steps.push({ name: "budget", status: "ok", detail: `${count(room.length, "passage")} of it had room.` })
  return { outcome: "used" }
}

function report(
  document: DocumentRecord,
  asked: Inspected,
  steps: Step[],
  finding: Finding,
  { best, confidence, winners }: Pick<WhyReport, "best" | "confidence" | "winners">,
): WhyReport {
  const { summary, fix } = fixFor(finding, document)
  const order: Step["name"][] = [
    "parse",
    "chunk",
    "embed",
    "filter",
    "lexical",
    "vector",
    "fusion",
    "threshold",
    "budget",
  ]
  return {
    documentId: document.id,
    title: document.title,
    path: document.path,
    question: asked.question,
    outcome: finding.outcome,
    summary,
    fix,
    steps: [...steps].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    best,
    confidence,
    floor: answerFloor,
    winners,
  }
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`
const percent = (share: number): string => `${Math.round(share * 100)} %`

/** Only whether a vector is there matters, not how near it is. */
function unit(dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  vector[0] = 1
  return vector
}
