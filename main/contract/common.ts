import { z } from "zod"

/** UUIDv7 as text. */
export const id = z.string().min(1).max(64)

/** Milliseconds since the epoch. */
export const timestamp = z.number().int()

/** Cursor paging: pass `next` back as `cursor`. */
export const pageQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

export const ok = z.object({ ok: z.literal(true) })
