import { z } from "zod"
import type { Scope } from "#contract/route.ts"
import type { ToolConfirmation } from "#contract/tools.ts"
import type { Actor } from "#core/actor.ts"

export interface ToolContext {
  actor: Actor
  now: Date
  signal: AbortSignal
}

/** Something ZenGlow can do by name, with typed arguments and a typed result. */
export interface Tool {
  name: string
  /** For the person and for the model that picks it. */
  description: string
  input: z.ZodType
  output: z.ZodType
  confirmation: ToolConfirmation
  timeoutMs: number
  /** Largest result, as JSON. */
  outputBytes: number
  /** What a key needs besides `chat`. */
  scope: Scope
  /** `input` as the schema parsed it. */
  run(input: unknown, context: ToolContext): Promise<unknown>
}

/** Ties the types of `run` to its schemas. */
export const defineTool = <I extends z.ZodType, O extends z.ZodType>(
  tool: Omit<Tool, "input" | "output" | "run"> & {
    input: I
    output: O
    run(input: z.output<I>, context: ToolContext): Promise<z.input<O>>
  },
): Tool => ({ ...tool, run: (input, context) => tool.run(input as z.output<I>, context) })

/** What a tool that works out and touches nothing needs. */
export const harmless = { confirmation: "none", timeoutMs: 2000, outputBytes: 4096, scope: "chat" } as const

export const jsonSchemaOf = (schema: z.ZodType): Record<string, unknown> => ({ ...z.toJSONSchema(schema) })
