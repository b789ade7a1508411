import { z } from "zod"
import { id, ok, pageOf, pageQuery, timestamp } from "./common.ts"
import { type ReadableKind, readableKinds } from "./documentKinds.ts"
import type { RouteTable } from "./route.ts"
import { shared, sharing } from "./sharing.ts"

export const collection = z.object({
  id,
  name: z.string(),
  documentCount: z.number().int(),
  chunkCount: z.number().int(),
  /** True for the small collection that comes with the product. */
  isSample: z.boolean(),
  /** Consent: its passages may be sent to a server that is allowed to see documents. Absent: no. */
  mayLeave: z.boolean().optional(),
  ...shared,
  createdAt: timestamp,
})
export type Collection = z.infer<typeof collection>

/** The five small steps of a document, in order. */
export const documentStage = z.enum(["parse", "chunk", "embed", "write", "ready"])
export type DocumentStage = z.infer<typeof documentStage>

export const documentKind = z.enum([...readableKinds, "unknown"] as [ReadableKind, ...ReadableKind[], "unknown"])
export type DocumentKind = z.infer<typeof documentKind>

export const document = z.object({
  id,
  collectionId: id,
  title: z.string(),
  /** Path below the added folder, or the file name. Never absolute. */
  path: z.string(),
  kind: documentKind,
  sizeBytes: z.number().int(),
  pageCount: z.number().int().nullable(),
  charCount: z.number().int(),
  chunkCount: z.number().int(),
  stage: documentStage,
  status: z.enum(["queued", "working", "ready", "failed"]),
  /** Found by words at once; found by meaning once its vectors are written with the current embedder. */
  hasVectors: z.boolean(),
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string().optional() }).nullable(),
  /** Address of a web page that was added by its address; null for files. */
  url: z.string().nullable().optional(),
  /** The date the document itself carries: published, sent, or last saved. */
  datedAt: timestamp.nullable().optional(),
  /** What the person filed it under. */
  tags: z.array(z.string()).optional(),
  /** The watched folder it belongs to. Null or absent: none. */
  folderId: id.nullable().optional(),
  /** It lies in somebody else's collection that is shared with the reader: it can be read and asked, not changed. */
  isShared: z.boolean().optional(),
  /** Its watched folder cannot be reached now: what was read before still answers. */
  isAway: z.boolean().optional(),
  createdAt: timestamp,
  updatedAt: timestamp,
})
export type Document = z.infer<typeof document>

/** The text around one passage, for the side panel. */
export const documentSource = z.object({
  documentId: id,
  title: z.string(),
  path: z.string(),
  kind: document.shape.kind,
  /** The document's extracted text, as Markdown where the format has structure. */
  text: z.string(),
  /** The passage asked for by `chunk`. Null when none was asked for. */
  highlight: z
    .object({ chunkId: id, start: z.number().int(), end: z.number().int(), page: z.number().int().nullable() })
    .nullable(),
  pages: z.array(z.object({ page: z.number().int(), start: z.number().int() })),
  /** Sound and subtitles: when the text from `start` on is spoken, in milliseconds. */
  times: z.array(z.object({ start: z.number().int(), startMs: z.number(), endMs: z.number() })).optional(),
  url: z.string().nullable().optional(),
  datedAt: timestamp.nullable().optional(),
  updatedAt: timestamp.optional(),
})
export type DocumentSource = z.infer<typeof documentSource>

const params = z.strictObject({ id })

export const documentRoutes = {
  "GET /api/collections": {
    summary: "List collections.",
    scope: "rag",
    output: z.object({ items: z.array(collection) }),
  },
  "POST /api/collections": {
    summary: "Create a collection.",
    scope: "rag",
    body: z.strictObject({
      name: z.string().trim().min(1).max(120),
      /** Default: private. */
      sharing: sharing.optional(),
    }),
    output: collection,
    status: 201,
    errors: ["request.conflict"],
  },
  "PATCH /api/collections/:id": {
    summary: "Rename a collection.",
    scope: "rag",
    params,
    body: z.strictObject({ name: z.string().trim().min(1).max(120) }),
    output: collection,
    errors: ["collection.not-found", "request.conflict"],
  },
  "PUT /api/collections/:id/leaving": {
    summary: "Whether passages of a collection may be sent to other servers that may see documents.",
    scope: "rag",
    audit: "collection.leaving",
    params,
    body: z.strictObject({ mayLeave: z.boolean() }),
    output: collection,
    errors: ["collection.not-found"],
  },
  "DELETE /api/collections/:id": {
    summary: "Delete a collection with its documents. The files themselves stay.",
    scope: "rag",
    audit: "collection.delete",
    params,
    output: ok,
    errors: ["collection.not-found"],
  },
  "GET /api/documents": {
    summary: "List documents.",
    scope: "rag",
    query: pageQuery.extend({
      collectionId: id.optional(),
      status: document.shape.status.optional(),
      q: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(5000).default(200),
    }),
    output: pageOf(document),
  },
  "GET /api/documents/:id": {
    summary: "One document.",
    scope: "rag",
    params,
    output: document,
    errors: ["document.not-found"],
  },
  "GET /api/documents/:id/source": {
    summary: "Extracted text, with the passage of `chunk` marked.",
    scope: "rag",
    params,
    query: z.strictObject({ chunk: id.optional() }),
    output: documentSource,
    errors: ["document.not-found"],
  },
  "DELETE /api/documents/:id": {
    summary: "Remove a document from the index. The file itself stays.",
    scope: "rag",
    audit: "document.delete",
    params,
    output: ok,
    errors: ["document.not-found"],
  },
  "PATCH /api/documents/:id": {
    summary: "Change the document's tags: searches can be limited to them.",
    scope: "rag",
    params,
    body: z.strictObject({ tags: z.array(z.string().trim().min(1).max(60)).max(50) }),
    output: document,
    errors: ["document.not-found"],
  },
  "POST /api/documents/:id/reindex": {
    summary: "Read the document again (job).",
    scope: "rag",
    params,
    output: z.object({ jobId: id }),
    status: 202,
    errors: ["document.not-found"],
  },
  "POST /api/documents/upload": {
    summary: "Add files (job). `paths` gives each file's path below a dropped folder, in the same order.",
    scope: "rag",
    multipart: {
      fields: z.strictObject({ collectionId: id.optional(), paths: z.string().optional() }),
      maxFileBytes: 200 * 1024 * 1024,
    },
    output: z.object({ jobId: id, collectionId: id }),
    status: 202,
    errors: ["collection.not-found", "request.too-large"],
  },
  "POST /api/documents/add-page": {
    summary: "Fetch a web page and add its readable text (job). Reading it again fetches it again.",
    scope: "rag",
    body: z.strictObject({ url: z.string().trim().min(1).max(2000), collectionId: id.optional() }),
    output: z.object({ jobId: id, collectionId: id }),
    status: 202,
    errors: ["collection.not-found", "page.refused"],
  },
  "GET /api/documents/:id/sound": {
    summary: "The recording that a document was read from.",
    scope: "rag",
    params,
    bytes: ["audio/mpeg", "audio/wav", "audio/flac", "audio/ogg", "audio/mp4", "audio/aac", "audio/webm"],
    errors: ["document.not-found", "document.unsupported", "document.unreadable"],
  },
  "GET /api/documents/:id/picture": {
    summary: "The picture that a document was read from. Browsers show no TIFF.",
    scope: "rag",
    params,
    bytes: ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"],
    errors: ["document.not-found", "document.unsupported", "document.unreadable"],
  },
  "POST /api/documents/add-path": {
    summary: "Add a file or folder of this machine (job).",
    scope: "owner",
    body: z.strictObject({ path: z.string().min(1).max(4096), collectionId: id.optional() }),
    output: z.object({ jobId: id, collectionId: id }),
    status: 202,
    errors: ["collection.not-found", "document.unreadable"],
  },
} as const satisfies RouteTable
