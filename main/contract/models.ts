import { z } from "zod"
import { id } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const modelRole = z.enum([
  "llm",
  "embedder",
  "reranker",
  "stt",
  "tts",
  "vad",
  "speaker",
  "turn",
  "ocr",
  "cloner",
  "wake",
  "phrase",
])
export type ModelRole = z.infer<typeof modelRole>

export const modelFit = z.object({
  verdict: z.enum(["fits", "tight", "too-large"]),
  /** Predicted memory when loaded. */
  memoryBytes: z.number(),
  /** In words: "uses 2.2 of 7.8 GB free". */
  reason: z.string(),
})

export const model = z.object({
  id,
  name: z.string(),
  role: modelRole,
  summary: z.string(),
  licence: z.string(),
  licenceUrl: z.string().nullable(),
  sizeBytes: z.number().int(),
  /** LLMs: tokens of context. Embedders: tokens per text. */
  contextTokens: z.number().int().nullable(),
  dimensions: z.number().int().nullable(),
  languages: z.array(z.string()),
  /** Where it would come from first on this machine, in words; `local` for imported files. */
  source: z.string(),
  status: z.enum(["available", "downloading", "paused", "installed", "corrupt"]),
  isImported: z.boolean(),
  isDefault: z.boolean(),
  /** Part of the bundle recommended for this machine. */
  isRecommended: z.boolean(),
  load: z.enum(["unloaded", "loading", "loaded"]),
  fit: modelFit,
  /** Measured here; null until measured. LLMs only. */
  tokensPerSecond: z.number().nullable(),
  jobId: id.nullable(),
})
export type Model = z.infer<typeof model>

export const machine = z.object({
  cpu: z.string(),
  cores: z.number().int(),
  memoryBytes: z.number(),
  freeMemoryBytes: z.number(),
  diskFreeBytes: z.number(),
  gpu: z.string().nullable(),
  platform: z.string(),
})

export const bundle = z.object({
  machine,
  models: z.array(model),
  missingBytes: z.number().int(),
  /** Why these models, in words. */
  reason: z.string(),
  isComplete: z.boolean(),
  /** What can already be done: chat by extraction works from the start. */
  capabilities: z.object({
    chat: z.boolean(),
    composedAnswers: z.boolean(),
    semanticSearch: z.boolean(),
    listen: z.boolean(),
    speak: z.boolean(),
  }),
  isOffline: z.boolean(),
})
export type Bundle = z.infer<typeof bundle>

const params = z.strictObject({ id })

export const modelRoutes = {
  "GET /api/models": {
    summary: "Catalogue and installed models.",
    scope: "models",
    output: z.object({ items: z.array(model), diskUsedBytes: z.number(), diskFreeBytes: z.number() }),
  },
  "GET /api/models/bundle": {
    summary: "This machine and the bundle recommended for it.",
    scope: "models",
    output: bundle,
  },
  "POST /api/models/bundle/pull": {
    summary: "Download what the bundle lacks, smallest useful piece first (jobs).",
    scope: "owner",
    output: z.object({ jobIds: z.array(id) }),
    status: 202,
  },
  "GET /api/models/external": {
    summary: "Model files of other tools found on this machine (read only).",
    scope: "models",
    output: z.object({
      items: z.array(z.object({ tool: z.string(), name: z.string(), path: z.string(), sizeBytes: z.number() })),
    }),
  },
  "POST /api/models/import": {
    summary: "Import a model file of this machine, by link or by copy.",
    scope: "owner",
    audit: "model.import",
    body: z.strictObject({
      path: z.string().min(1).max(4096),
      mode: z.enum(["link", "copy"]).default("link"),
      role: modelRole.optional(),
      name: z.string().max(120).optional(),
    }),
    output: model,
    status: 201,
    errors: ["model.corrupt", "model.incompatible", "download.no-space"],
  },
  "GET /api/models/:id": { summary: "One model.", scope: "models", params, output: model, errors: ["model.not-found"] },
  "POST /api/models/:id/pull": {
    summary: "Download (job).",
    scope: "owner",
    params,
    output: z.object({ jobId: id }),
    status: 202,
    errors: ["model.not-found", "download.offline", "download.no-space"],
  },
  "POST /api/models/:id/verify": {
    summary: "Hash the files again.",
    scope: "models",
    params,
    output: z.object({
      ok: z.boolean(),
      files: z.array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().nullable() })),
    }),
    errors: ["model.not-found"],
  },
  "POST /api/models/:id/load": {
    summary: "Load now.",
    scope: "models",
    params,
    output: model,
    errors: ["model.not-found", "model.missing", "model.corrupt", "model.no-memory"],
  },
  "POST /api/models/:id/unload": {
    summary: "Free its memory.",
    scope: "models",
    params,
    output: model,
    errors: ["model.not-found"],
  },
  "POST /api/models/:id/select": {
    summary: "Use this model for its role from now on.",
    scope: "owner",
    params,
    output: model,
    errors: ["model.not-found"],
  },
  "DELETE /api/models/:id": {
    summary: "Remove its files.",
    scope: "owner",
    audit: "model.remove",
    params,
    output: z.object({ freedBytes: z.number() }),
    errors: ["model.not-found", "model.in-use"],
  },
} as const satisfies RouteTable
