import { z } from "zod"
import type { RouteTable } from "./route.ts"

/** `ask`: each call needs the person's word. `owner`: nobody but the machine's owner may call it. */
export const toolConfirmation = z.enum(["none", "ask", "owner"])
export type ToolConfirmation = z.infer<typeof toolConfirmation>

const jsonSchema = z.record(z.string(), z.unknown())

/** A tool as it is shown to people and models. */
export const toolView = z.object({
  name: z.string(),
  description: z.string(),
  input: jsonSchema,
  output: jsonSchema,
  confirmation: toolConfirmation,
  timeoutMs: z.number().int(),
  outputBytes: z.number().int(),
})
export type ToolView = z.infer<typeof toolView>

export const toolRoutes = {
  "GET /api/tools": {
    summary: "Tools that you may call, with the JSON Schema of what they take and give.",
    scope: "chat",
    output: z.object({ items: z.array(toolView) }),
  },
  "POST /api/tools/:name/call": {
    summary: "Call a tool. One that asks first needs `confirmed`.",
    scope: "chat",
    params: z.strictObject({ name: z.string() }),
    body: z.strictObject({ arguments: z.record(z.string(), z.unknown()), confirmed: z.boolean().default(false) }),
    output: z.object({ result: z.unknown() }),
    errors: [
      "tool.not-found",
      "tool.bad-arguments",
      "tool.needs-confirmation",
      "tool.no-result",
      "tool.timeout",
      "tool.too-large",
    ],
  },
} as const satisfies RouteTable
