/**
 * Ingest of whole folders with the real parser child, embedder and store: passages and megabytes per second, the slowest stage alone
 * divided by the wall time of all stages together, and how much faster a second run over unchanged files is. Two folders: the test
 * documents, and 1,000 generated files (`--files N`, seed 1). All stages together and the slowest one alone take turns, each time with a
 * new database: five turns of the small folder (`--turns N`), one of the large one, told as medians.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { kindOfName } from "#contract/documentKinds.ts"
import { ownerActor } from "#core/actor.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { Embedder } from "#engines/types.ts"
import { createIngest } from "#rag/ingest.ts"
import { createParser, type Parser, parserExecArgv } from "#rag/parse/createParser.ts"
import { passageInput } from "#rag/passageInput.ts"
import { createVectorIndex } from "#rag/vectorIndex.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import { miniLmFiles, testdataDir } from "../models/modelFiles.ts"
import { openMiniLm } from "./shared/miniLm.ts"

const { signal } = new AbortController()
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}
/** What the pipeline asks of the embedder at a time, and how many requests are under way. */
const batch = 32
const underWay = 2

if (!existsSync(miniLmFiles.modelPath)) console.log("ingest: not run (no embedder installed)")
else await run()

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "zenglow-bench-"))
  const { embedder, stop } = openMiniLm({ concurrency: 4 })
  const parserEntry = new URL("../../main/rag/parse/entry.ts", import.meta.url)
  const parser = createParser({
    adapter: createForkAdapter({
      entry: parserEntry,
      execArgv: parserExecArgv(parserEntry),
      env: {},
      log: silentLogger,
    }),
    log: silentLogger,
  })
  const engines = { embedder, parser }
  const measure = (name: string, path: string, turns: number) => measureFolder(name, path, turns, folder, engines)
  try {
    await embedder.embed(["warm"], "passage", signal)
    await parser.parse({ bytes: new TextEncoder().encode("# Warm"), fileName: "warm.md" }, signal)
    const documents = testdataDir() === null ? null : join(testdataDir() as string, "documents")
    const turns = option("--turns", 5)
    if (documents && existsSync(documents)) await measure("test documents", documents, turns)
    else console.log("ingest: test documents not run (no test data)")
    const count = option("--files", 1000)
    const generated = join(folder, "generated")
    generate(generated, count)
    await measure(`${count} generated files, seed 1`, generated, 1)
  } finally {
    await parser.close()
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Engines {
  embedder: Embedder
  parser: Parser
}

interface Turn {
  documents: number
  failed: number
  texts: string[]
  counts: { vectors: number; chunks: number }
  requests: number
  parseMs: number
  embedMs: number
  wallMs: number
  againMs: number
}

async function measureOnce(path: string, files: readonly string[], scratch: string, engines: Engines): Promise<Turn> {
  const { embedder, parser } = engines
  const database = mkdtempSync(join(scratch, "db-"))
  const store = await openSqliteStore({ file: join(database, "bench.db"), backupDir: database, log: silentLogger })
  try {
    let requests = 0
    const counted: Embedder = {
      ...embedder,
      embed(...asked) {
        requests++
        return embedder.embed(...asked)
      },
    }
    const vectorIndex = createVectorIndex({ chunks: store.chunks, embedder: () => counted, log: silentLogger })
    const ingest = createIngest({ store, parser, embedder: () => counted, vectorIndex, log: silentLogger })
    const { id: collectionId } = await store.collections.create(ownerActor, { name: "bench" })
    const payload = { type: "path", collectionId, path } as const
    const options = { signal, progress: () => {} }

    const parseMs = await timed(async () => {
      for (const file of files) {
        const input = { bytes: readFileSync(file), fileName: basename(file) }
        await parser.parse(input, signal).catch(() => undefined)
      }
    })
    const wallMs = await timed(() => ingest.run(ownerActor, payload, options))
    const { items } = await store.documents.list(ownerActor, { limit: 5000 })
    const texts: string[] = []
    for (const { id } of items) {
      for (const chunk of await store.chunks.byDocument(ownerActor, id)) {
        texts.push(passageInput({ title: chunk.documentTitle, ...chunk }))
      }
    }
    const embedMs = await timed(() => embedAll(texts, embedder))
    const againMs = await timed(() => ingest.run(ownerActor, payload, options))
    const { counts } = await store.check("quick")
    const failed = items.filter(({ status }) => status === "failed").length
    return { documents: items.length, failed, texts, counts, requests, parseMs, embedMs, wallMs, againMs }
  } finally {
    await store.close()
  }
}

async function measureFolder(
  name: string,
  path: string,
  turns: number,
  scratch: string,
  engines: Engines,
): Promise<void> {
  const files = filesOf(path)
  const bytes = files.reduce((sum, file) => sum + readFileSync(file).byteLength, 0)
  const all: Turn[] = []
  for (let turn = 0; turn < turns; turn++) all.push(await measureOnce(path, files, scratch, engines))
  const last = all.at(-1)
  if (!last) return
  const median = (of: (turn: Turn) => number): number => all.map(of).sort((a, b) => a - b)[all.length >> 1] ?? 0
  const wallMs = median((turn) => turn.wallMs)
  const parseMs = median((turn) => turn.parseMs)
  const embedMs = median((turn) => turn.embedMs)
  const [slowest, ratio] =
    parseMs > embedMs
      ? ["parse", median((turn) => turn.parseMs / turn.wallMs)]
      : ["embed", median((turn) => turn.embedMs / turn.wallMs)]
  const rate = (amount: number): string => (amount / (wallMs / 1000)).toFixed(1)
  console.log(
    `ingest: ${name}: ${last.documents} documents (${last.failed} not readable), ${(bytes / 1e6).toFixed(2)} MB, ${last.texts.length} passages; turns: ${turns}`,
  )
  console.log(
    `  all stages ${seconds(wallMs)} s: ${rate(last.texts.length)} passages/s, ${rate(bytes / 1e6)} MB/s; requests to the embedder ${last.requests}`,
  )
  console.log(
    `  alone: parse ${seconds(parseMs)} s, embed ${seconds(embedMs)} s; slowest (${slowest}) ÷ wall ${ratio.toFixed(2)}`,
  )
  console.log(
    `  unchanged again ${seconds(median((turn) => turn.againMs))} s: ${median((turn) => turn.wallMs / turn.againMs).toFixed(0)} × faster; vectors ${last.counts.vectors} of ${last.counts.chunks}`,
  )
}

async function embedAll(texts: string[], embedder: Embedder): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < texts.length) {
      const from = next
      next += batch
      await embedder.embed(texts.slice(from, from + batch), "passage", signal)
    }
  }
  await Promise.all(Array.from({ length: underWay }, worker))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2)
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && kindOfName(entry.name) !== null && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Notes of one to four sections in twenty folders; the same for the same count. */
function generate(folder: string, count: number): void {
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const words =
    "gate pool lease boiler filter garden roof winter engine invoice letter harbour kitchen battery mountain river school market window carpet".split(
      " ",
    )
  const sentence = (): string =>
    `The ${Array.from({ length: 8 + random(8) }, () => words[random(words.length)]).join(" ")} is ${random(10_000)}.`
  for (let n = 0; n < count; n++) {
    const sections = Array.from(
      { length: 1 + random(4) },
      (_, at) => `## Part ${at + 1}\n\n${Array.from({ length: 4 + random(6) }, sentence).join(" ")}`,
    )
    const file = join(folder, `folder-${n % 20}`, `note-${n}.md`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `# Note ${n}\n\n${sections.join("\n\n")}\n`)
  }
}
