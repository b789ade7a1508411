import { z } from "zod"
import { erasureProof } from "./pii.ts"
import type { RouteTable } from "./route.ts"

/** What was erased, by kind. */
export const erasedCounts = z.object({
  people: z.number().int(),
  conversations: z.number().int(),
  collections: z.number().int(),
  documents: z.number().int(),
  memories: z.number().int(),
  datasets: z.number().int(),
})
export type ErasedCounts = z.infer<typeof erasedCounts>

export const privacyRoutes = {
  "GET /api/export": {
    summary:
      "Everything that is yours, as one zip: index.html to read it, JSON for programs, the files you added. Nobody else's.",
    scope: "chat",
    audit: "data.export",
    bytes: ["application/zip"],
  },
  "GET /api/erase": {
    summary: "What an erasure would take.",
    scope: "chat",
    query: z.strictObject({ what: z.enum(["mine", "everything"]).default("mine") }),
    output: erasedCounts,
    errors: ["access.denied"],
  },
  "POST /api/erase": {
    summary:
      "Erase what is yours (`mine`), or of everybody with their profiles (`everything`, the owner alone). Cannot be undone. `confirm` says so: your name. Answers with a proof that nothing is left.",
    scope: "chat",
    audit: "data.erase",
    body: z.strictObject({ what: z.enum(["mine", "everything"]), confirm: z.string().max(60) }),
    output: z.object({ erased: erasedCounts, proof: erasureProof }),
    errors: ["access.denied", "request.conflict"],
  },
} as const satisfies RouteTable
