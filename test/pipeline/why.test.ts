import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { shownPassages } from "#chat/shownPassages.ts"
import type { WhyReport } from "#contract/why.ts"
import { ownerActor } from "#core/actor.ts"
import type { Embedder } from "#engines/types.ts"
import { inspect } from "#rag/why/inspect.ts"
import { makePdf } from "../fakes/documents.ts"
import { createRagBench, type RagBench } from "../fakes/ragBench.ts"
import { createWordEmbedder } from "../fakes/wordEmbedder.ts"

const signal = new AbortController().signal
const manual = `# Coffee machine

## Care

Descale the machine every two months. Use 30 ml of the liquid descaler per litre of water.

## Warranty

The warranty of the machine runs for 3 years from the date of purchase.
`
const question = "How often must the machine be descaled?"

let folder: string
let bench: RagBench
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zenglow-why-"))
})
afterEach(async () => {
  await bench.store.close()
  await rm(folder, { recursive: true, force: true })
})

async function fill(
  files: Record<string, string | Uint8Array>,
  options: Parameters<typeof createRagBench>[0] = {},
): Promise<string> {
  bench = createRagBench(options)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return await bench.addPath(folder)
}

async function idOf(name: string): Promise<string> {
  const { items } = await bench.store.documents.list(ownerActor, { limit: 100 })
  return items.find(({ path }) => path.endsWith(name))?.id ?? ""
}

interface Asking {
  collectionIds?: string[] | null
  topK?: number
  passageTokens?: number
  embedder?: Embedder | null
  question?: string
}

async function why(name: string, asking: Asking = {}): Promise<WhyReport> {
  const embedder = asking.embedder === undefined ? createWordEmbedder() : asking.embedder
  return inspect(
    ownerActor,
    {
      documentId: await idOf(name),
      question: asking.question ?? question,
      collectionIds: asking.collectionIds ?? null,
    },
    {
      store: bench.store,
      retrieval: bench.retrieveDeps,
      embedder: () => embedder,
      topK: () => asking.topK ?? 6,
      shown: (asked, retrieval, inner) => shownPassages(asked, retrieval, asking.passageTokens ?? 280, inner),
    },
    signal,
  )
}

const failedSteps = ({ steps }: WhyReport): string[] =>
  steps.flatMap(({ name, status }) => (status === "failed" ? [name] : []))

describe("why a document was not used", () => {
  it("names no fault where there is none", async () => {
    await fill({ "manual.md": manual, "soup.md": "# Soup\n\nCook the lentils for 20 minutes." })
    const report = await why("manual.md")
    expect(report).toMatchObject({ outcome: "used", fix: null })
    expect(failedSteps(report)).toEqual([])
    expect(report.best).toMatchObject({ lexicalRank: 1, fusedRank: 1 })
    expect(report.steps.map(({ name }) => name)).toEqual([
      "parse",
      "chunk",
      "embed",
      "filter",
      "lexical",
      "vector",
      "fusion",
      "threshold",
      "budget",
    ])
  })

  it("1: the file could not be parsed", async () => {
    const whole = makePdf([[{ text: manual, x: 50, y: 700 }]])
    await fill({ "manual.pdf": whole.subarray(0, whole.length / 8) })
    const report = await why("manual.pdf")
    expect(report.outcome).toBe("parse-failed")
    expect(report.summary).toBe("“manual” could not be read. The file is not a readable PDF.")
    expect(report.fix).toBe("Open it in a PDF viewer and print it to a new PDF.")
    expect(failedSteps(report)).toEqual(["parse"])
  })

  it("2: a scan without text", async () => {
    await fill({ "scan.pdf": makePdf([[]]) })
    const report = await why("scan.pdf")
    expect(report.outcome).toBe("no-text")
    expect(report.fix).toContain("zenglow models pull tesseract-eng")
    expect(failedSteps(report)).toEqual(["parse"])
  })

  it("3: not embedded, and the question uses other words", async () => {
    await fill({ "manual.md": manual, "soup.md": "# Soup\n\nCook the lentils for 20 minutes." })
    const id = await idOf("manual.md")
    const chunks = await bench.store.chunks.byDocument(ownerActor, id)
    const { text, pages } = await bench.store.documents.text(ownerActor, id)
    await bench.store.documents.writeContent(ownerActor, id, {
      text,
      pages,
      pageCount: null,
      chunks,
      vectors: null,
      fingerprint: null,
    })
    const report = await why("manual.md", { question: "Limescale cleaning interval?" })
    expect(report.outcome).toBe("not-embedded")
    expect(failedSteps(report)).toContain("embed")
    expect(report.fix).toContain("Search by meaning")
  })

  it("4: embedded with another model than the one in use", async () => {
    await fill({ "manual.md": manual })
    const { ...word } = createWordEmbedder()
    const other: Embedder = { ...word, modelId: "other", fingerprint: "other-space" }
    bench.useEmbedder(other)
    const report = await why("manual.md", { embedder: other, question: "Limescale cleaning interval?" })
    expect(report.outcome).toBe("wrong-embedder")
    expect(failedSteps(report)).toContain("embed")
  })

  it("5: excluded by the chosen collection", async () => {
    await fill({ "manual.md": manual })
    const other = await bench.store.collections.create(ownerActor, { name: "Recipes" })
    const report = await why("manual.md", { collectionIds: [other.id] })
    expect(report.outcome).toBe("excluded-by-filter")
    expect(report.summary).toContain("“Recipes”")
    expect(failedSteps(report)).toEqual(["filter"])
  })

  it("6: found, but below the floor", async () => {
    await fill({ "manual.md": manual })
    const report = await why("manual.md", { question: "Who invented the machine and sold the patent?" })
    expect(report.outcome).toBe("below-threshold")
    expect(report.confidence).toBeLessThan(report.floor)
    expect(failedSteps(report)).toEqual(["threshold"])
  })

  it("7: beaten by a duplicate", async () => {
    await fill({ "a.md": manual, "b.md": manual })
    const reports = [await why("a.md"), await why("b.md")]
    expect(reports.map(({ outcome }) => outcome).sort()).toEqual(["beaten-by-duplicate", "used"])
    const beaten = reports.find(({ outcome }) => outcome === "beaten-by-duplicate")
    expect(beaten?.winners[0]?.documentId).toBe(await idOf(beaten?.path.endsWith("a.md") ? "b.md" : "a.md"))
  })

  it("8: cut by the prompt's budget", async () => {
    await fill({
      "manual.md": manual,
      "notes.md":
        "# Notes\n\nThe neighbour asked how often the machine must be descaled, and nobody in the house could tell at all.",
    })
    const roomy = await why("notes.md", { passageTokens: 2000 })
    expect(roomy.outcome).toBe("used")
    const report = await why("notes.md", { passageTokens: 12 })
    const other = await why("manual.md", { passageTokens: 12 })
    expect([report.outcome, other.outcome].sort()).toEqual(["cut-by-budget", "used"])
  })

  it("9: beaten by better passages", async () => {
    const better = Object.fromEntries(
      Array.from({ length: 5 }, (_, n) => [
        `care-${n}.md`,
        `# Care ${n}\n\nThe ${["steel", "glass", "oak", "clay", "tin"][n]} machine must be descaled every ${n + 2} months, how often depends on its ${["water", "age", "use", "tank", "pump"][n]}.`,
      ]),
    )
    await fill({
      ...better,
      "diary.md": "# Diary\n\nThe machine is blue. It rained all day, and we stayed at home and played cards.",
    })
    const report = await why("diary.md", { topK: 3 })
    expect(report.outcome).toBe("beaten-by-rank")
    expect(report.best?.fusedRank).toBeGreaterThan(3)
    expect(report.winners).toHaveLength(3)
  })

  it("10: searched by words alone, and 11: still being read", async () => {
    await fill({ "manual.md": manual, "soup.md": "# Soup\n\nCook lentils 20 minutes." })
    bench.useEmbedder(null)
    const report = await why("soup.md", { embedder: null })
    expect(report.outcome).toBe("not-embedded")
    const { document } = await bench.store.documents.upsert(ownerActor, {
      collectionId: (await bench.store.collections.list(ownerActor))[0]?.id ?? "",
      title: "new",
      path: "new.md",
      kind: "md",
      sizeBytes: 1,
      filePath: null,
      contentHash: "x",
    })
    expect(document.status).toBe("queued")
    expect((await why("new.md")).outcome).toBe("not-ready")
  })

  it("changes nothing by looking", async () => {
    await fill({ "manual.md": manual })
    const before = await bench.store.check("full")
    await why("manual.md")
    expect(await bench.store.check("full")).toEqual(before)
  })
})
