import { z } from "zod"
import { id } from "./common.ts"

/** Who may look into something besides the person it belongs to: nobody, the people named, or everyone who lives here. */
export const audience = z.enum(["private", "people", "household"])
export type Audience = z.infer<typeof audience>

/** `personIds` counts with the audience `people` only. */
export const sharing = z.strictObject({ audience, personIds: z.array(id).max(50).default([]) })
export type Sharing = z.infer<typeof sharing>

/** How a thing is shared, as its reader sees it: the owner of it is told with whom, the others by whom. */
export const shared = {
  sharing: z.object({ audience, personIds: z.array(id) }).optional(),
  /** The person it belongs to, where that is somebody else. Null or absent: the reader. */
  sharedBy: z.object({ id, name: z.string() }).nullable().optional(),
}
