import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

const excludes = z.array(z.string().trim().min(1).max(300)).max(200)
const maxFileBytes = z
  .number()
  .int()
  .min(1024)
  .max(200 * 1024 * 1024)

/** A folder of this machine that is kept up with: what changes there changes here within seconds. */
export const folder = z.object({
  id,
  collectionId: id,
  /** First part of the paths its documents are listed under. */
  name: z.string(),
  /** Absolute path; shown to the owner only. */
  path: z.string(),
  /** Lines as in a .gitignore, relative to the folder. */
  excludes: z.array(z.string()),
  /** Whether .gitignore files inside the folder count too. */
  followsGitignore: z.boolean(),
  maxFileBytes: z.number().int(),
  /** `unreachable`: the folder does not answer; its documents are kept and still answer. */
  state: z.enum(["scanning", "watching", "paused", "unreachable"]),
  /** `polling`: the system reports no changes here (a network drive, too many folders): it is looked at every so often. */
  mode: z.enum(["events", "polling"]),
  /** While scanning: files read so far, of those that are to be read. */
  done: z.number().int(),
  total: z.number().int(),
  documentCount: z.number().int(),
  /** Files that are left out for their type. */
  skippedCount: z.number().int(),
  /** Files and folders that could not be read; at most 50. */
  errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string(), remedy: z.string().optional() })),
  errorCount: z.number().int(),
  /** When all of it was last compared with the index. Null: not since the start. */
  checkedAt: timestamp.nullable(),
  createdAt: timestamp,
})
export type Folder = z.infer<typeof folder>

const params = z.strictObject({ id })

export const folderRoutes = {
  "GET /api/folders": {
    summary: "List watched folders with what each is doing.",
    scope: "owner",
    output: z.object({ items: z.array(folder) }),
  },
  "POST /api/folders": {
    summary: "Watch a folder of this machine. Without a collection, the one that belongs to this path.",
    scope: "owner",
    body: z.strictObject({
      path: z.string().min(1).max(4096),
      collectionId: id.optional(),
      excludes: excludes.optional(),
      followsGitignore: z.boolean().optional(),
      maxFileBytes: maxFileBytes.optional(),
    }),
    output: folder,
    status: 201,
    errors: ["collection.not-found", "document.unreadable", "request.conflict"],
  },
  "GET /api/folders/:id": {
    summary: "One watched folder.",
    scope: "owner",
    params,
    output: folder,
    errors: ["folder.not-found"],
  },
  "PATCH /api/folders/:id": {
    summary: "Pause or resume, or change what is left out.",
    scope: "owner",
    params,
    body: z.strictObject({
      isPaused: z.boolean().optional(),
      excludes: excludes.optional(),
      followsGitignore: z.boolean().optional(),
      maxFileBytes: maxFileBytes.optional(),
    }),
    output: folder,
    errors: ["folder.not-found"],
  },
  "POST /api/folders/:id/rescan": {
    summary: "Compare the whole folder with the index now.",
    scope: "owner",
    params,
    output: folder,
    errors: ["folder.not-found", "request.conflict"],
  },
  "DELETE /api/folders/:id": {
    summary: "Stop watching. Its documents stay, or leave the index with it; the files themselves always stay.",
    scope: "owner",
    audit: "folder.remove",
    params,
    query: z.strictObject({ documents: z.enum(["keep", "remove"]).default("keep") }),
    output: ok,
    errors: ["folder.not-found"],
  },
} as const satisfies RouteTable
