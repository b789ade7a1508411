import { z } from "zod"
import { id, ok, pageOf, pageQuery, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const artifactKind = z.enum(["index", "dataset", "model", "export"])
export type ArtifactKind = z.infer<typeof artifactKind>

const tag = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._:/-]{0,59}$/u)

/** Something ZenGlow made or fetched, and where it came from. */
export const artifact = z.object({
  id,
  kind: artifactKind,
  name: z.string(),
  /** sha256 as hex. Null where there are no bytes to hash. */
  hash: z.string().nullable(),
  sizeBytes: z.number().int().nullable(),
  tags: z.array(z.string()),
  /** What it was made from: counts, ids, sources, versions. */
  provenance: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  createdAt: timestamp,
})
export type Artifact = z.infer<typeof artifact>

const params = z.strictObject({ id })

export const artifactRoutes = {
  "GET /api/artifacts": {
    summary:
      "Index builds, datasets, models and exports, newest first. `tag` may list several, separated by commas: all must match.",
    scope: "ops",
    query: pageQuery.extend({
      kind: artifactKind.optional(),
      tag: z.string().max(400).optional(),
      q: z.string().max(200).optional(),
    }),
    output: pageOf(artifact).extend({ tags: z.array(z.object({ tag: z.string(), count: z.number().int() })) }),
  },
  "GET /api/artifacts/:id": {
    summary: "One artifact.",
    scope: "ops",
    params,
    output: artifact,
    errors: ["artifact.not-found"],
  },
  "PATCH /api/artifacts/:id": {
    summary: "Replace an artifact's tags.",
    scope: "ops",
    params,
    body: z.strictObject({ tags: z.array(tag).max(20) }),
    output: artifact,
    errors: ["artifact.not-found"],
  },
  "DELETE /api/artifacts/:id": {
    summary: "Take an artifact off the list. What it describes stays.",
    scope: "ops",
    audit: "artifact.remove",
    params,
    output: ok,
    errors: ["artifact.not-found"],
  },
} as const satisfies RouteTable
