import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** What tells who somebody is. `name`: only those that were given, in People or in the vault. */
export const piiKind = z.enum(["email", "phone", "iban", "card", "national-id", "ip", "address", "name"])

export const piiIdentifier = z.strictObject({ kind: piiKind, value: z.string().trim().min(3).max(200) })
export type PiiIdentifier = z.infer<typeof piiIdentifier>

/** Somebody whose data is looked after: hidden in datasets and exports, and erased everywhere at once. */
export const piiSubject = z.object({
  id,
  label: z.string(),
  identifiers: z.array(piiIdentifier.extend({ id })),
  createdAt: timestamp,
})
export type PiiSubject = z.infer<typeof piiSubject>

/** Where somebody is mentioned among what is the caller's own: how many. */
export const mentions = z.object({
  conversations: z.number().int(),
  messages: z.number().int(),
  documents: z.number().int(),
  memories: z.number().int(),
  datasets: z.number().int(),
})
export type Mentions = z.infer<typeof mentions>

/** What is left after an erasure: places in the data directory where a sample of the erased words still stands. */
export const erasureProof = z.object({
  /** Pieces of the erased text that were looked for. */
  searched: z.number().int(),
  filesRead: z.number().int(),
  bytesRead: z.number().int(),
  /** Files, below the data directory, that still hold one. */
  residue: z.array(z.string()),
  /** Backups made before; they hold what was erased until they are deleted. */
  backups: z.array(z.object({ name: z.string(), madeAt: timestamp })),
})
export type ErasureProof = z.infer<typeof erasureProof>

const params = z.strictObject({ id })

export const piiRoutes = {
  "GET /api/pii/subjects": {
    summary: "Whose data you look after, out of the vault.",
    scope: "ops",
    audit: "pii.reveal",
    output: z.object({ items: z.array(piiSubject) }),
  },
  "POST /api/pii/subjects": {
    summary: "Put somebody into the vault, with what tells who they are.",
    scope: "ops",
    audit: "pii.add",
    body: z.strictObject({
      label: z.string().trim().min(1).max(80),
      identifiers: z.array(piiIdentifier).min(1).max(40),
    }),
    output: piiSubject,
    status: 201,
  },
  "DELETE /api/pii/subjects/:id": {
    summary: "Take somebody out of the vault. What mentions them stays.",
    scope: "ops",
    audit: "pii.remove",
    params,
    output: ok,
    errors: ["pii.not-found"],
  },
  "GET /api/pii/subjects/:id/mentions": {
    summary: "Where they are mentioned among what is yours.",
    scope: "ops",
    params,
    output: mentions,
    errors: ["pii.not-found"],
  },
  "POST /api/pii/subjects/:id/erase": {
    summary:
      "Erase them from what is yours: masked in chats; documents, memories and datasets that mention them go; then out of the vault. Answers with a proof.",
    scope: "ops",
    audit: "pii.erase",
    params,
    body: z.strictObject({ confirm: z.literal("erase") }),
    output: z.object({ erased: mentions, proof: erasureProof }),
    errors: ["pii.not-found"],
  },
  "POST /api/pii/find": {
    summary: "What the rules find in a text, and the text without it. Nothing is kept.",
    scope: "ops",
    body: z.strictObject({ text: z.string().max(100_000) }),
    output: z.object({
      findings: z.array(z.object({ kind: piiKind, start: z.number(), end: z.number(), isChecked: z.boolean() })),
      masked: z.string(),
    }),
  },
} as const satisfies RouteTable
