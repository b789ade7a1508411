import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import { piiKind } from "./pii.ts"
import type { RouteTable } from "./route.ts"

/**
 * `answer`: a question and its answer. `grounded`: the same with the passages it was answered from. `refusal`: a question that the documents
 * do not answer. `passage`: what a document says, asked for by its title.
 */
export const rowKind = z.enum(["answer", "grounded", "refusal", "passage"])
export type RowKind = z.infer<typeof rowKind>

/** How a dataset is made; the command line reads the same from a YAML file. */
export const datasetRecipe = z.strictObject({
  name: z.string().trim().min(1).max(80),
  /** What it is made from. */
  sources: z
    .strictObject({
      conversations: z.boolean().default(true),
      /** Passages of these collections of the caller's own. */
      collectionIds: z.array(id).max(100).default([]),
    })
    .default({ conversations: true, collectionIds: [] }),
  format: z.enum(["chat", "instruction"]).default("chat"),
  /** Answers with a thumb down never take part; `liked`: only those with a thumb up. */
  answers: z.enum(["all", "liked"]).default("all"),
  /** Rows of each kind at most. Absent: all there are. */
  limits: z.partialRecord(rowKind, z.number().int().min(0)).default({}),
  /** Characters of an answer. */
  minChars: z.number().int().min(0).default(1),
  maxChars: z.number().int().min(1).default(20_000),
  /** Nothing older, milliseconds since the epoch. */
  since: z.number().int().min(0).default(0),
  /** Rows whose words agree to this share are one. */
  nearDuplicate: z.number().min(0.5).max(1).default(0.9),
  /** Share of the rows that is kept aside for measuring. What belongs together is never on both sides. */
  holdOut: z.number().min(0).max(0.5).default(0.1),
  /** The same recipe over the same data with the same seed is the same file, byte by byte. */
  seed: z.number().int().min(0).default(1),
  /** Personal data is taken out; false keeps it, for a dataset that stays here. */
  maskPersonalData: z.boolean().default(true),
  /** Words of the person's own that are taken out too. */
  hide: z.array(z.string().trim().min(3).max(100)).max(100).default([]),
  licence: z.string().trim().max(80).default("private"),
})
export type DatasetRecipe = z.infer<typeof datasetRecipe>

const counts = z.object({
  rows: z.number().int(),
  train: z.number().int(),
  heldOut: z.number().int(),
  byKind: z.partialRecord(rowKind, z.number().int()),
  /** Why rows were left out: not liked, too short, spoken by somebody else, twice there, beyond the limit. */
  leftOut: z.record(z.string(), z.number().int()),
  masked: z.partialRecord(piiKind, z.number().int()),
})
export type DatasetCounts = z.infer<typeof counts>

/** One version of a dataset, with where it comes from. */
export const datasetManifest = z.object({
  id,
  dataset: z.string(),
  version: z.number().int(),
  format: z.enum(["chat", "instruction"]),
  size_bytes: z.number().int(),
  sha256: z.string(),
  licence: z.string(),
  generated_at: timestamp,
  consent: z.object({ by: z.string(), at: timestamp }),
  provenance: z.object({
    conversations: z.number().int(),
    documents: z.number().int(),
    recipe: datasetRecipe,
    product: z.string(),
  }),
  counts,
})
export type DatasetManifest = z.infer<typeof datasetManifest>

/** One line of the file. */
export const datasetRow = z.object({
  id: z.string(),
  kind: rowKind,
  split: z.enum(["train", "heldOut"]),
  messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() })).optional(),
  instruction: z.string().optional(),
  input: z.string().optional(),
  output: z.string().optional(),
})
export type DatasetRow = z.infer<typeof datasetRow>

const pair = z.object({ before: datasetRow, after: datasetRow, similarity: z.number() })
export const datasetDiff = z.object({
  added: z.number().int(),
  removed: z.number().int(),
  changed: z.number().int(),
  nearDuplicate: z.number().int(),
  unchanged: z.number().int(),
  /** The first of each, to look at. */
  examples: z.object({
    added: z.array(datasetRow),
    removed: z.array(datasetRow),
    /** The same question with another answer. */
    changed: z.array(pair),
    /** Another question in almost the same words. */
    nearDuplicate: z.array(pair),
  }),
})
export type DatasetDiff = z.infer<typeof datasetDiff>

const params = z.strictObject({ id })
const notFound = ["dataset.not-found"] as const
const request = datasetRecipe.extend({
  /** What is yours is written into a file that can be handed on: said each time. */
  consent: z.literal(true, "Say that your chats and documents may be used."),
})

export const datasetRoutes = {
  "GET /api/datasets": {
    summary: "Your datasets, every version, newest first.",
    scope: "dataset",
    output: z.object({ items: z.array(datasetManifest) }),
  },
  "POST /api/datasets/preview": {
    summary: "What a recipe would make: counts and the first rows. Nothing is written.",
    scope: "dataset",
    body: datasetRecipe,
    output: z.object({ counts, rows: z.array(datasetRow) }),
    errors: ["collection.not-found"],
  },
  "POST /api/datasets": {
    summary:
      "Make a dataset from what is yours, as a job; the same name makes its next version. The version has the id of its job.",
    scope: "dataset",
    audit: "dataset.build",
    body: request,
    output: z.object({ jobId: id }),
    status: 202,
  },
  "GET /api/datasets/:id": {
    summary: "One version, with its first rows.",
    scope: "dataset",
    params,
    output: z.object({ manifest: datasetManifest, rows: z.array(datasetRow) }),
    errors: notFound,
  },
  "GET /api/datasets/:id/file": {
    summary: "The rows as JSON lines.",
    scope: "dataset",
    audit: "dataset.export",
    params,
    bytes: ["application/x-ndjson"],
    errors: notFound,
  },
  "GET /api/datasets/:id/diff": {
    summary: "What is new, gone, answered otherwise or said almost the same since another version.",
    scope: "dataset",
    params,
    query: z.strictObject({ before: id }),
    output: datasetDiff,
    errors: notFound,
  },
  "DELETE /api/datasets/:id": {
    summary: "Delete a version and its file.",
    scope: "dataset",
    audit: "dataset.delete",
    params,
    output: ok,
    errors: notFound,
  },
  "GET /dataset/manifest": {
    summary:
      "The newest dataset, or the newest of a name: size, sha256, licence, provenance. For other programs, with a key of the scope `dataset`.",
    scope: "dataset",
    query: z.strictObject({ name: z.string().max(80).optional() }),
    output: datasetManifest.extend({ packed: z.literal(false), manifest: datasetManifest }),
    errors: notFound,
  },
  "GET /dataset/stream": {
    summary:
      "Its rows as NDJSON. `Range: bytes=N-` goes on where a download broke off; `Accept-Encoding: gzip` packs a whole one; `ETag` is the sha256.",
    scope: "dataset",
    audit: "dataset.stream",
    query: z.strictObject({ name: z.string().max(80).optional() }),
    bytes: ["application/x-ndjson"],
    errors: [...notFound, "dataset.bad-range"],
  },
} as const satisfies RouteTable
