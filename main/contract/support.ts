import { z } from "zod"
import type { RouteTable } from "./route.ts"

/** One file of the bundle, exactly as it will be sent. */
export const supportFile = z.object({ name: z.string(), text: z.string(), sizeBytes: z.number().int() })
export type SupportFile = z.infer<typeof supportFile>

const query = z.strictObject({
  /** Words to take out besides secrets, with commas between them: names, places. */
  hide: z.string().max(1000).optional(),
})

export const supportRoutes = {
  "GET /diagnostics/bundle/preview": {
    summary: "What a support bundle would hold: every file, whole, after everything private was taken out.",
    scope: "owner",
    query,
    output: z.object({
      files: z.array(supportFile),
      /** How often each of the words was taken out. */
      hidden: z.array(z.object({ word: z.string(), count: z.number().int() })),
    }),
  },
  "GET /diagnostics/bundle": {
    summary: "The same as a zip file, without sound unless it is asked for. Nothing is sent anywhere.",
    scope: "owner",
    audit: "diagnostics.bundle",
    query: query.extend({
      /** Also the sound of your last spoken questions, where it is kept. */
      sound: z.stringbool().default(false),
    }),
    bytes: ["application/zip"],
  },
} as const satisfies RouteTable
