import { createHash } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { parse as parseYaml } from "yaml"
import { z } from "zod"
import { AppError } from "#core/errors.ts"

/** A passage that a question should find in the person's own documents. */
export interface Expectation {
  /** End of the document's path, or its title. Null: any document. */
  document: string | null
  /** Words that stand in the passage, whatever its spaces and case. Null: any passage of the document. */
  passage: string | null
}

export interface EvalQuestion {
  id: string
  query: string
  history: string[]
  /** Gain of each relevant document of `corpus`, larger is better. Empty when `expected` says what is right. */
  gains: ReadonlyMap<string, number>
  expected: Expectation[]
  /** The documents do not answer it: right is not to find it. */
  isUnanswerable: boolean
}

export interface EvalDataset {
  name: string
  /** sha256 of what was read. */
  hash: string
  /** Null: the person's own documents are searched. */
  corpus: { id: string; title: string; text: string }[] | null
  questions: EvalQuestion[]
}

const maxBytes = 512 * 1024 * 1024

/**
 * Reads judged questions. A folder is a test collection with its own documents: BEIR's layout (`corpus.jsonl`, `queries.jsonl`,
 * `qrels/test.tsv`) or the classical one of SMART (`*.all*`, `*.qry`, `*qrel`, as Cranfield has it). A file is YAML or JSON: a list of
 * `{question, document?, passage?, expected?, history?}` about documents that are already here. Throws `request.invalid`, naming what is wrong.
 */
export async function readDataset(path: string): Promise<EvalDataset> {
  const kind = await stat(path).catch(() => null)
  if (!kind) throw invalid(`There is no dataset at ${basename(path)}.`)
  if (!kind.isDirectory()) return readQuestionFile(basename(path), (await readLimited(path)) ?? "")
  const beir = await readBeir(path)
  if (beir) return beir
  const smart = await readSmart(path)
  if (smart) return smart
  throw invalid(`The folder ${basename(path)} is no test collection.`)
}

async function readBeir(folder: string): Promise<EvalDataset | null> {
  const [corpus, queries] = await Promise.all(
    ["corpus.jsonl", "queries.jsonl"].map((name) => readLimited(join(folder, name))),
  )
  if (corpus === null || corpus === undefined || queries === null || queries === undefined) return null
  const qrels =
    (await readLimited(join(folder, "qrels", "test.tsv"))) ?? (await readLimited(join(folder, "qrels.tsv"))) ?? ""
  const gains = new Map<string, Map<string, number>>()
  for (const line of qrels.split(/\r?\n/)) {
    const fields = line.trim().split(/\s+/)
    // TREC writes "query iteration document grade", BEIR "query document grade" below a heading.
    const [query, document, grade] = fields.length === 4 ? [fields[0], fields[2], fields[3]] : fields
    if (query && document && Number(grade) > 0) note(gains, query, document, Number(grade))
  }
  const document = z.object({ _id: z.coerce.string(), title: z.string().default(""), text: z.string() })
  const question = z.object({ _id: z.coerce.string(), text: z.string() })
  return {
    name: basename(folder),
    hash: hashOf(corpus, queries, qrels),
    corpus: readLines(corpus, document, "corpus.jsonl").map(({ _id, title, text }) => ({ id: _id, title, text })),
    questions: readLines(queries, question, "queries.jsonl")
      .filter(({ _id }) => gains.has(_id))
      .map(({ _id, text }) => judged(_id, text, gains.get(_id) ?? new Map())),
  }
}

/** Judgements name questions by position. Grade 1 is best, 4 least; below 1 means not relevant. */
async function readSmart(folder: string): Promise<EvalDataset | null> {
  const [all, qry, qrel] = await Promise.all(
    ["cran.all.1400", "cran.qry", "cranqrel"].map((name) => readLimited(join(folder, name))),
  )
  if (!all || !qry || !qrel) return null
  const records = (text: string): string[] => text.replaceAll("\r", "").split(/^\.I /m).slice(1)
  const flat = (text: string | undefined): string => (text ?? "").replace(/\s+/g, " ").trim()
  const gains = new Map<string, Map<string, number>>()
  for (const line of qrel.split("\n")) {
    const [query, document, grade] = line.trim().split(/\s+/)
    if (query && document && Number(grade) >= 1) note(gains, query, document, 5 - Number(grade))
  }
  return {
    name: basename(folder),
    hash: hashOf(all, qry, qrel),
    corpus: records(all).map((record) => ({
      id: flat(record.split("\n", 1)[0]),
      title: flat(/^\.T\n([\s\S]*?)^\.A/m.exec(record)?.[1]),
      text: flat(/^\.W\n([\s\S]*)/m.exec(record)?.[1]),
    })),
    questions: records(qry).map((record, index) => {
      const id = String(index + 1)
      return judged(id, flat(/^\.W\n([\s\S]*)/m.exec(record)?.[1]), gains.get(id) ?? new Map())
    }),
  }
}

const text = z.string().trim().min(1).max(8000)
const questionFile = z.array(
  z
    .strictObject({
      question: text,
      /** Null: the documents do not answer it. */
      document: text.nullish(),
      path: text.nullish(),
      passage: text.nullish(),
      says: text.nullish(),
      /** Several passages that should be found. */
      expected: z
        .array(z.strictObject({ document: text.nullish(), passage: text.nullish() }))
        .max(50)
        .optional(),
      history: z.array(text).max(20).optional(),
      note: z.string().optional(),
    })
    .transform((entry) => ({
      query: entry.question,
      expected:
        entry.expected?.map(({ document = null, passage = null }) => ({ document, passage })) ??
        expectationsOf(entry.document ?? entry.path ?? null, entry.passage ?? entry.says ?? null),
      history: entry.history ?? [],
    })),
)

function readQuestionFile(name: string, content: string): EvalDataset {
  let value: unknown
  try {
    value = parseYaml(content, { maxAliasCount: 100 })
  } catch (cause) {
    throw invalid(`${name} is not YAML: ${cause instanceof Error ? cause.message.split("\n")[0] : ""}`)
  }
  const parsed = questionFile.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${name} is no list of questions: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim())
  }
  return {
    name,
    hash: hashOf(content),
    corpus: null,
    questions: parsed.data.map(({ query, expected, history }, index) => ({
      id: String(index + 1),
      query,
      history,
      gains: new Map(),
      expected,
      isUnanswerable: expected.length === 0,
    })),
  }
}

function expectationsOf(document: string | null, passage: string | null): Expectation[] {
  return document === null && passage === null ? [] : [{ document, passage }]
}

const judged = (id: string, query: string, gains: ReadonlyMap<string, number>): EvalQuestion => ({
  id,
  query,
  history: [],
  gains,
  expected: [],
  isUnanswerable: false,
})

function note(gains: Map<string, Map<string, number>>, query: string, document: string, gain: number): void {
  const own = gains.get(query) ?? new Map<string, number>()
  gains.set(query, own.set(document, gain))
}

function readLines<T>(content: string, schema: z.ZodType<T>, name: string): T[] {
  return content
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      try {
        return schema.parse(JSON.parse(line))
      } catch {
        throw invalid(`${name}, line ${index + 1}, cannot be read.`)
      }
    })
}

async function readLimited(path: string): Promise<string | null> {
  const info = await stat(path).catch(() => null)
  if (!info?.isFile()) return null
  if (info.size > maxBytes) throw invalid(`${basename(path)} is larger than 512 MB.`)
  return await readFile(path, "utf8")
}

const hashOf = (...parts: string[]): string => createHash("sha256").update(parts.join("\0")).digest("hex")

const invalid = (message: string): AppError =>
  new AppError("request.invalid", message, { remedy: "docs/rag.md describes the datasets that can be read." })
