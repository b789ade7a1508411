/**
 * Whether the section around a found passage helps an answer: how many questions' answers stand in the passages found and in the evidence
 * taken out of them, with and without the passages beside them in their section, for two passage lengths. All fixture documents together
 * with the product's own docs; the questions kept aside take no part. Without a language model.
 * `-- windows [--tokens 200,100] [--top 2,4]`.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { selectEvidence } from "#chat/evidence.ts"
import type { Passage } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { rankSentences } from "#rag/bestSentence.ts"
import { createIngest } from "#rag/ingest.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { questionParts } from "#rag/queryTerms.ts"
import { retrievePassages } from "#rag/retrieve.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { ChunkRecord } from "#store/types.ts"
import { answerCases, answerDocuments } from "../fakes/answerCases.ts"
import { miniLmFiles } from "../models/modelFiles.ts"
import { openMiniLm } from "./shared/miniLm.ts"

interface Asked {
  question: string
  /** Alternatives; all expressions of one must stand in the text. */
  answer: string[][]
}

const { signal } = new AbortController()
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
/** Characters of evidence that a machine without a graphics card reads in the time a person waits. */
const room = 1400
const { values } = parseArgs({
  options: { tokens: { type: "string", default: "200,100" }, top: { type: "string", default: "2,4" } },
})
const passageTokens = values.tokens.split(",").map(Number)
const topKs = values.top.split(",").map(Number)

const quoted = (set: "answers" | "tuning"): Asked[] =>
  answerCases(set === "answers" ? "open" : "all", set).filter(({ kind }) => !["unanswerable", "yes-no"].includes(kind))
const sections = (
  JSON.parse(readFileSync(here("../fixtures/sections/questions.json"), "utf8")) as {
    question: string
    answer: string[]
  }[]
).map(({ question, answer }) => ({ question, answer: [answer] }))
const sets: [name: string, asked: Asked[]][] = [
  ["answers, open", quoted("answers")],
  ["tuning", quoted("tuning")],
  ["long sections", sections],
]

if (!existsSync(miniLmFiles.modelPath)) console.log("windows: not run (no embedder installed)")
else await run()

async function run(): Promise<void> {
  const { embedder, stop } = openMiniLm()
  const entry = new URL("../../main/rag/parse/entry.ts", import.meta.url)
  const adapter = createForkAdapter({ entry, execArgv: parserExecArgv(entry), env: {}, log: silentLogger })
  const parser = createParser({ adapter, log: silentLogger })
  try {
    for (const tokens of passageTokens) await measure(tokens, embedder, parser)
  } finally {
    await parser.close()
    await stop()
  }
}

async function measure(tokens: number, whole: Embedder, parser: Parser): Promise<void> {
  // Passages are as long as the embedder allows, less the room for title and headings.
  const embedder: Embedder = { ...whole, maxTokens: tokens + 40 }
  const folder = mkdtempSync(join(tmpdir(), "zenglow-bench-"))
  const store = await openSqliteStore({ file: join(folder, "bench.db"), backupDir: folder, log: silentLogger })
  try {
    const vectorIndex = createVectorIndex({ chunks: store.chunks, embedder: () => embedder, log: silentLogger })
    const ingest = createIngest({ store, parser, embedder: () => embedder, vectorIndex, log: silentLogger })
    const { id: collectionId } = await store.collections.create(ownerActor, { name: "windows" })
    const folders = [answerDocuments(), answerDocuments("tuning"), here("../fixtures/sections/documents")]
    const files = [...folders, here("../../docs")].flatMap((path) =>
      readdirSync(path, { withFileTypes: true })
        .filter((file) => file.isFile())
        .map(({ name }) => ({ filePath: join(path, name), relativePath: `${basename(path)}/${name}` })),
    )
    await ingest.run(ownerActor, { type: "files", collectionId, files }, { signal, progress: () => {} })
    const { items } = await store.documents.list(ownerActor, { limit: 5000 })
    const rows = new Map<string, ChunkRecord[]>()
    for (const { id } of items) rows.set(id, await store.chunks.byDocument(ownerActor, id))
    console.log(
      `windows: passages of ${tokens} tokens, ${items.length} documents, ${[...rows.values()].flat().length} passages`,
    )
    const deps = { chunks: store.chunks, queryEmbedder: vectorIndex.queryEmbedder, clock: systemClock }
    for (const topK of topKs) {
      for (const [name, asked] of sets) {
        const found = { alone: 0, around: 0 }
        const evident = { alone: 0, around: 0 }
        let added = 0
        for (const { question, answer } of asked) {
          const request = { query: question, collectionIds: null, topK, floor: 0 }
          const retrieval = await retrievePassages(ownerActor, request, deps, signal)
          const { passages, weights } = retrieval
          const around = withNeighbours(passages, rows)
          added += around.length - passages.length
          for (const [way, given] of [
            ["alone", passages],
            ["around", around],
          ] as const) {
            const sentences = await rankSentences(given, retrieval, signal)
            const evidence = selectEvidence({
              passages: given,
              sentences,
              weights,
              parts: questionParts(question),
              room,
            })
            found[way] += Number(holds(given, answer))
            evident[way] += Number(holds(evidence, answer))
          }
        }
        console.log(
          `  top ${topK}, ${name} (${asked.length}): answer in the passages ${found.alone}, with their neighbours ${found.around}; ` +
            `in the evidence ${evident.alone}, with neighbours ${evident.around}; ${(added / asked.length).toFixed(1)} passages added`,
        )
      }
    }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The passages, then those right before and after each of the best three in its section. */
function withNeighbours(passages: readonly Passage[], rows: ReadonlyMap<string, ChunkRecord[]>): Passage[] {
  const all = [...passages]
  for (const passage of passages.slice(0, 3)) {
    const own = rows.get(passage.documentId) ?? []
    const at = own.findIndex(({ id }) => id === passage.chunkId)
    for (const beside of [own[at - 1], own[at + 1]]) {
      if (!beside || all.some(({ chunkId }) => chunkId === beside.id)) continue
      if (beside.headingPath.join("\n") !== passage.headingPath.join("\n")) continue
      all.push({ ...passage, n: all.length + 1, chunkId: beside.id, text: beside.text })
    }
  }
  return all
}

function holds(passages: readonly Passage[], answer: string[][]): boolean {
  const text = passages.map(({ title, headingPath, text: own }) => [title, ...headingPath, own].join("\n")).join("\n")
  return answer.some((all) => all.every((expression) => new RegExp(expression, "i").test(text)))
}
