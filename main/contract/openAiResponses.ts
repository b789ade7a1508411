import { z } from "zod"
import type { RouteTable } from "./route.ts"

/** The Responses API. Reference: https://platform.openai.com/docs/api-reference/responses */

const mebibyte = 1024 * 1024
const part = z.looseObject({ type: z.string(), text: z.string().optional() })
const content = z.union([z.string(), z.array(part)])

/** Items of `input` are told apart by `type`; a message may leave it out. */
const inputItem = z.looseObject({
  type: z.string().max(100).default("message"),
  role: z.enum(["system", "developer", "user", "assistant"]).optional(),
  content: content.nullish(),
  call_id: z.string().max(200).optional(),
  name: z.string().max(64).optional(),
  arguments: z.string().optional(),
  output: content.optional(),
})
export type ResponseInputItem = z.output<typeof inputItem>

export const responseRequest = z.looseObject({
  model: z.string().min(1).max(300),
  input: z.union([z.string(), z.array(inputItem).max(2048)]).default([]),
  instructions: z.string().nullish(),
  previous_response_id: z.string().max(200).nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_output_tokens: z.number().int().min(1).nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.string(),
        name: z.string().min(1).max(64).optional(),
        description: z.string().nullish(),
        parameters: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .union([z.enum(["auto", "none", "required"]), z.looseObject({ type: z.string(), name: z.string().optional() })])
    .nullish(),
  text: z
    .looseObject({
      format: z
        .looseObject({
          type: z.enum(["text", "json_object", "json_schema"]),
          name: z.string().optional(),
          schema: z.record(z.string(), z.unknown()).optional(),
        })
        .nullish(),
    })
    .nullish(),
  include: z.array(z.string().max(100)).nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  background: z.boolean().nullish(),
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
})
export type ResponseRequest = z.output<typeof responseRequest>

const responseObject = z.looseObject({ id: z.string(), object: z.literal("response") })
const byId = z.strictObject({ id: z.string().max(200) })

export const openAiResponseRoutes = {
  "POST /v1/responses": {
    summary:
      "A response, whole or as typed events. Kept in memory for an hour for `previous_response_id`, unless `store` is false.",
    scope: "chat",
    body: responseRequest,
    maxBodyBytes: 16 * mebibyte,
    output: responseObject,
  },
  "GET /v1/responses/:id": { summary: "A kept response.", scope: "chat", params: byId, output: responseObject },
  "DELETE /v1/responses/:id": {
    summary: "Forgets a kept response.",
    scope: "chat",
    params: byId,
    output: z.object({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) }),
    audit: "response.delete",
  },
} as const satisfies RouteTable
