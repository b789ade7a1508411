import { z } from "zod"
import type { ErrorCode } from "#contract/errors.ts"
import type { OpenAiErrorBody } from "#contract/openai.ts"
import { AppError } from "#core/errors.ts"

/** A known field whose value, or which as a whole, is not supported: 400 naming it. */
export function badParameter(param: string, message: string): AppError {
  return new AppError("request.invalid", message, { details: { param } })
}

/** What a body that does not fit its schema means to an OpenAI client. */
export function invalidOpenAiInput(where: string, error: z.ZodError): AppError {
  const issue = error.issues[0]
  const param = issue?.path.map(String).join(".").slice(0, 200) ?? ""
  if (where === "path") return new AppError("request.not-found", "There is nothing at this address.")
  return badParameter(
    param,
    `${param === "" ? "The body" : `\`${param}\``} is not valid: ${issue?.message.slice(0, 300) ?? ""}`,
  )
}

const withParam = z.object({ param: z.string() })

/** OpenAI answers wrong input with 400 where the rest of this API says 422. */
export const openAiStatus = (error: AppError): number =>
  error.status === 422 || error.code === "tts.unknown-voice" ? 400 : error.status

/** SDKs choose the exception by status, and programs look at `code` and `param`. */
export function openAiErrorBody(error: AppError): OpenAiErrorBody {
  const details = withParam.safeParse(error.details)
  const known = knownErrors[error.code]
  return {
    error: {
      message: error.remedy ? `${error.message} ${error.remedy}` : error.message,
      type: known?.type ?? (openAiStatus(error) >= 500 ? "server_error" : "invalid_request_error"),
      param: details.success ? details.data.param : (known?.param ?? null),
      code: known?.code ?? error.code,
    },
  }
}

const knownErrors: Partial<Record<ErrorCode, { type?: string; code: string; param?: string }>> = {
  "auth.missing-key": { code: "invalid_api_key", type: "authentication_error" },
  "auth.bad-key": { code: "invalid_api_key", type: "authentication_error" },
  "auth.missing-scope": { code: "insufficient_permissions", type: "permission_error" },
  "access.denied": { code: "insufficient_permissions", type: "permission_error" },
  "request.invalid": { code: "invalid_value" },
  "request.malformed": { code: "invalid_json" },
  "request.not-found": { code: "unknown_url" },
  "request.method-not-allowed": { code: "method_not_supported" },
  "request.too-large": { code: "request_too_large" },
  "request.unsupported-media": { code: "unsupported_media_type" },
  "request.rate-limited": { code: "rate_limit_exceeded", type: "rate_limit_error" },
  "engine.busy": { code: "queue_full", type: "rate_limit_error" },
  "model.not-found": { code: "model_not_found", param: "model" },
  "collection.not-found": { code: "model_not_found", param: "model" },
  "model.missing": { code: "model_not_ready", param: "model" },
  "model.loading": { code: "model_not_ready", param: "model" },
  "model.no-memory": { code: "model_not_ready", param: "model" },
  "llm.context-exceeded": { code: "context_length_exceeded", param: "messages" },
  "llm.invalid-schema": { code: "invalid_schema", param: "response_format" },
  "tts.unknown-voice": { code: "invalid_value", param: "voice" },
  "tts.empty-text": { code: "invalid_value", param: "input" },
  "audio.damaged": { code: "invalid_audio", param: "file" },
  "audio.unsupported": { code: "unsupported_audio", param: "file" },
  "audio.too-long": { code: "audio_too_long", param: "file" },
  internal: { code: "internal_error", type: "server_error" },
}
