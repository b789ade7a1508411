import { z } from "zod"
import { openAiResponseRoutes } from "./openAiResponses.ts"
import type { RouteTable } from "./route.ts"

/** The OpenAI-compatible surface. Bodies are loose: clients send fields of newer versions, and those are ignored. */

const mebibyte = 1024 * 1024
const textPart = z.looseObject({ type: z.string(), text: z.string().optional() })
const content = z.union([z.string(), z.array(textPart)])
const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal("function").default("function"),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})

export const chatMessage = z.looseObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool", "function"]),
  content: content.nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: z.string().nullish(),
  name: z.string().nullish(),
})

const stop = z.union([z.string(), z.array(z.string()).max(16)]).nullish()
const sampling = {
  model: z.string().min(1).max(300),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  /** Beyond OpenAI's own; llama.cpp's servers take them too. */
  top_k: z.number().int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repeat_penalty: z.number().min(0).max(4).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  n: z.number().int().min(1).max(8).nullish(),
  stop,
  seed: z.number().int().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
}

export const chatCompletionRequest = z.looseObject({
  ...sampling,
  messages: z.array(chatMessage).min(1),
  max_completion_tokens: z.number().int().min(1).nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.string(),
        function: z
          .looseObject({
            name: z.string().min(1).max(64),
            description: z.string().nullish(),
            parameters: z.record(z.string(), z.unknown()).nullish(),
          })
          .optional(),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .union([
      z.enum(["auto", "none", "required"]),
      z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
    ])
    .nullish(),
  response_format: z
    .looseObject({
      type: z.string(),
      json_schema: z
        .looseObject({ name: z.string().optional(), schema: z.record(z.string(), z.unknown()).optional() })
        .optional(),
    })
    .nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  functions: z.array(z.unknown()).nullish(),
  function_call: z.unknown().optional(),
  audio: z.unknown().optional(),
  modalities: z.array(z.string()).nullish(),
})
export type ChatCompletionRequest = z.output<typeof chatCompletionRequest>

export const completionRequest = z.looseObject({
  ...sampling,
  prompt: z
    .union([z.string(), z.array(z.string()).max(16), z.array(z.number()), z.array(z.array(z.number()))])
    .nullish(),
  suffix: z.string().nullish(),
  echo: z.boolean().nullish(),
  best_of: z.number().int().nullish(),
  logprobs: z.number().int().min(0).max(5).nullish(),
})
export type CompletionRequest = z.output<typeof completionRequest>

export const embeddingRequest = z.looseObject({
  model: z.string().min(1).max(300),
  input: z.union([
    z.string(),
    z.array(z.string()).max(2048),
    z.array(z.number().int().min(0)).max(8192),
    z.array(z.array(z.number().int().min(0)).max(8192)).max(2048),
  ]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.number().int().min(1).nullish(),
})
export type EmbeddingRequest = z.output<typeof embeddingRequest>

export const openAiSpeechRequest = z.looseObject({
  model: z.string().min(1).max(300),
  input: z.string().max(4096),
  voice: z.union([z.string().max(200), z.looseObject({ id: z.string().max(200) })]).nullish(),
  response_format: z.string().nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
  stream_format: z.string().nullish(),
  instructions: z.string().nullish(),
})
export type OpenAiSpeechRequest = z.output<typeof openAiSpeechRequest>

export const transcriptionFields = z.looseObject({
  model: z.string().min(1).max(300),
  language: z.string().max(20).optional(),
  prompt: z.string().max(10_000).optional(),
  response_format: z.string().optional(),
  temperature: z.string().optional(),
  stream: z.string().optional(),
  "timestamp_granularities[]": z.array(z.string()).optional(),
})
export type TranscriptionFields = z.output<typeof transcriptionFields>

export const openAiModel = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.number().int(),
  owned_by: z.string(),
})

export const openAiRoutes = {
  "GET /v1/models": {
    summary: "Installed models, `<server>/<model>` for each added server, and `rag/<collection>` for each collection.",
    scope: "models",
    output: z.object({ object: z.literal("list"), data: z.array(openAiModel) }),
  },
  "GET /v1/models/*id": {
    summary: "One model.",
    scope: "models",
    params: z.strictObject({ id: z.string().max(300) }),
    output: openAiModel,
  },
  "POST /v1/chat/completions": {
    summary: "Chat, whole or streamed. `rag/<collection>` models answer from documents with citations.",
    scope: "chat",
    body: chatCompletionRequest,
    maxBodyBytes: 16 * mebibyte,
    output: z.looseObject({ id: z.string(), object: z.literal("chat.completion") }),
  },
  "POST /v1/completions": {
    summary: "Text completion, whole or streamed.",
    scope: "chat",
    body: completionRequest,
    maxBodyBytes: 16 * mebibyte,
    output: z.looseObject({ id: z.string(), object: z.literal("text_completion") }),
  },
  ...openAiResponseRoutes,
  "POST /v1/embeddings": {
    summary: "Embeddings as floats or as base64 of little-endian f32.",
    scope: "rag",
    body: embeddingRequest,
    maxBodyBytes: 64 * mebibyte,
    output: z.looseObject({ object: z.literal("list") }),
  },
  "POST /v1/audio/transcriptions": {
    summary: "Speech to text as json, text, srt, vtt or verbose_json; `stream` sends transcript events.",
    scope: "audio",
    multipart: { fields: transcriptionFields, maxFileBytes: 200 * mebibyte },
    output: z.looseObject({ text: z.string() }),
  },
  "POST /v1/audio/translations": {
    summary: "Speech in any language to English text, by a multilingual model.",
    scope: "audio",
    multipart: { fields: transcriptionFields, maxFileBytes: 200 * mebibyte },
    output: z.looseObject({ text: z.string() }),
  },
  "POST /v1/audio/speech": {
    summary: "Text to speech as mp3 (default), wav, opus, flac or pcm (24 kHz s16le mono).",
    scope: "audio",
    body: openAiSpeechRequest,
    bytes: ["audio/mpeg", "audio/wav", "audio/ogg", "audio/flac", "audio/pcm"],
  },
  "GET /v1/audio/voices": {
    summary: "Voices.",
    scope: "audio",
    output: z.object({
      object: z.literal("list"),
      data: z.array(z.looseObject({ id: z.string(), object: z.literal("voice") })),
    }),
  },
} as const satisfies RouteTable

/** Its error object. `type` and `code` are what SDKs turn into exception classes. */
export interface OpenAiErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null }
}
