import { z } from "zod"
import { ok, timestamp } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Name of a backup's folder, made of its time. */
export const backupId = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z$/)

export const backup = z.object({
  id: backupId,
  at: timestamp,
  /** `before-restore`: the copy that is made before a backup takes the place of what is there. */
  reason: z.enum(["manual", "scheduled", "before-restore"]),
  /** Of the ZenGlow that made it. */
  version: z.string(),
  schemaVersion: z.number().int(),
  files: z.number().int(),
  sizeBytes: z.number().int(),
})
export type Backup = z.infer<typeof backup>

export const backupProgress = z.object({
  doing: z.enum(["create", "verify", "restore"]),
  /** 0..1. */
  progress: z.number().min(0).max(1),
})

const params = z.strictObject({ id: backupId })
const passphrase = z.string().min(12).max(500)

export const backupRoutes = {
  "GET /api/backups": {
    summary: "Backups of everything but models, newest first; what is being done; when the next one is due.",
    scope: "owner",
    output: z.object({
      items: z.array(backup),
      running: backupProgress.nullable(),
      /** Null: none is made by itself. */
      nextAt: timestamp.nullable(),
      /** Why the last one that was due could not be made. */
      problem: z.string().nullable(),
    }),
  },
  "POST /api/backups": {
    summary: "Make a backup while everything goes on; answers when it is complete and checked.",
    scope: "owner",
    audit: "backup.create",
    output: backup,
    status: 201,
    errors: ["backup.busy", "store.full"],
  },
  "POST /api/backups/:id/keys": {
    summary:
      "Put the keys of what is encrypted into a backup, sealed with a passphrase, so that it opens on another computer.",
    scope: "owner",
    params,
    body: z.strictObject({ passphrase }),
    audit: "backup.keys",
    output: ok,
    errors: ["backup.not-found", "backup.damaged", "backup.foreign", "backup.newer", "secrets.locked", "store.full"],
  },
  "POST /api/backups/:id/verify": {
    summary: "Read every byte of a backup and compare it with what was written.",
    scope: "owner",
    params,
    output: z.object({ ok: z.literal(true), files: z.number().int(), sizeBytes: z.number().int() }),
    errors: ["backup.not-found", "backup.damaged", "backup.foreign", "backup.newer", "backup.busy"],
  },
  "POST /api/backups/:id/restore": {
    summary: "Put a backup in the place of what is there. What is there is backed up first; then the core starts anew.",
    scope: "owner",
    params,
    /** The backup's id once more: nobody restores by a slip of the finger. */
    body: z.strictObject({
      confirm: z.string().max(64),
      /** Opens the keys in the backup; for a computer it was not made on. */
      passphrase: passphrase.optional(),
    }),
    audit: "backup.restore",
    /** `safetyId`: the backup of what was there. */
    output: z.object({ id: backupId, safetyId: backupId }),
    status: 202,
    errors: [
      "backup.not-found",
      "backup.damaged",
      "backup.foreign",
      "backup.newer",
      "backup.busy",
      "request.conflict",
      "secrets.locked",
      "store.full",
    ],
  },
  "DELETE /api/backups/:id": {
    summary: "Remove a backup.",
    scope: "owner",
    params,
    audit: "backup.delete",
    output: ok,
    errors: ["backup.not-found", "backup.busy"],
  },
} as const satisfies RouteTable
