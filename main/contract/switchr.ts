import { z } from "zod"
import { ok } from "./common.ts"
import type { RouteTable } from "./route.ts"

export const switchrRoute = z.object({
  decision_id: z.string(),
  backend: z.string(),
  model: z.string(),
  /** What kind of request it is taken for, a domain of the rules. */
  domain: z.string(),
  tools: z.array(z.string()),
  confidence: z.number(),
  reasons: z.array(z.string()),
  alternatives: z.array(z.object({ backend: z.string(), model: z.string(), reason: z.string() })),
  /** Whether asking it sends the text to another computer. */
  leaves_machine: z.boolean(),
  latency_ms: z.number(),
})

export const switchrConfig = z.object({
  /** Counts up with every set of rules that was taken. */
  version: z.number().int(),
  /** The file, or the rules that come with the product. */
  text: z.string(),
  isDefault: z.boolean(),
  /** Why the file as it is now was not taken; the rules before it go on. */
  problem: z.string().nullable(),
})

export const switchrRoutes = {
  "POST /switchr/route": {
    summary: "Which model would answer this, and why. Nothing is asked of it.",
    scope: "chat",
    body: z.strictObject({
      text: z.string().min(1).max(100_000),
      allow_tools: z.boolean().default(true),
      /** A server, `server/model`, or `in-process`. */
      prefer: z.string().max(300).optional(),
      require_reasoning: z.boolean().default(false),
      /** The request comes with passages of documents or memories. */
      uses_documents: z.boolean().default(false),
      /** Collections that these are from. They stay on this computer unless each of them may leave it. */
      collection_ids: z.array(z.string().max(64)).max(200).optional(),
    }),
    output: switchrRoute,
    errors: ["backend.not-found", "backend.no-consent", "model.missing"],
  },
  "GET /switchr/health": {
    summary: "Targets that can be chosen now, and which rules are in force.",
    scope: "chat",
    output: z.object({
      status: z.enum(["ok", "degraded"]),
      version: z.number().int(),
      targets: z.array(z.object({ backend: z.string(), model: z.string().nullable(), state: z.string() })),
    }),
  },
  "POST /switchr/feedback": {
    summary: "Whether the choice was right. Moves later choices of that kind a little, within bounds.",
    scope: "chat",
    body: z.strictObject({ decision_id: z.string().max(64), value: z.enum(["up", "down"]) }),
    output: ok,
    errors: ["request.not-found"],
  },
  "GET /switchr/config": { summary: "The rules.", scope: "models", output: switchrConfig },
  "PUT /switchr/config": {
    summary: "Set the rules, as YAML. Wrong ones are refused with the line.",
    scope: "owner",
    audit: "routing.change",
    body: z.strictObject({ text: z.string().max(200_000) }),
    output: switchrConfig,
    errors: ["config.invalid"],
  },
} as const satisfies RouteTable
