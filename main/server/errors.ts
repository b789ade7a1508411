import { z } from "zod"
import type { ErrorBody } from "#contract/errors.ts"
import { AppError, errorInfo } from "#core/errors.ts"

/** Turns anything thrown into an AppError; words of unknown errors stay inside. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const parserError = z
    .object({ type: z.string(), status: z.number() })
    .or(z.object({ name: z.literal("URIError") }))
    .safeParse(error)
  if (parserError.success) return fromBodyParser("type" in parserError.data ? parserError.data.type : "uri")
  const info = errorInfo(error)
  return new AppError("internal", info.message, { remedy: info.remedy, cause: error })
}

/** body-parser's error types: https://github.com/expressjs/body-parser#errors */
function fromBodyParser(type: string): AppError {
  switch (type) {
    case "entity.too.large":
    case "parameters.too.many":
      return new AppError("request.too-large", "The body is larger than this route takes.", {
        remedy: "Send less at once.",
      })
    case "encoding.unsupported":
    case "charset.unsupported":
      return new AppError("request.unsupported-media", "The body's encoding is not supported.", {
        remedy: "Send plain UTF-8 JSON.",
      })
    case "uri":
      return new AppError("request.malformed", "The address is not correctly percent-encoded.", {
        remedy: "Encode the path with encodeURIComponent.",
      })
    default:
      return new AppError("request.malformed", "The body is not valid JSON.", { remedy: "Correct the body." })
  }
}

/** The input does not fit its schema: `request.invalid`, with each place and reason. */
export function invalidInput(where: "path" | "query" | "body" | "fields", error: z.ZodError): AppError {
  const details = error.issues.slice(0, 20).map((issue) => ({
    in: where,
    path: issue.path.map(String).join("."),
    message: issue.message,
  }))
  const first = details[0]
  return new AppError(
    "request.invalid",
    `${where === "fields" ? "The fields are" : `The ${where} is`} not valid${first?.path ? ` at ${first.path.slice(0, 100)}` : ""}: ${first?.message.slice(0, 300) ?? ""}`,
    { remedy: "Compare it with /docs.", details },
  )
}

export function errorBody(error: AppError, requestId: string): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.remedy ? { remedy: error.remedy } : {}),
      requestId,
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  }
}

/** Seconds after which trying again makes sense. Null: it does not. */
export function retryAfterSeconds(error: AppError): number | null {
  if (error.status !== 429 && error.status !== 503) return null
  return error.code === "model.loading" ? 5 : error.code === "model.missing" ? 30 : 1
}
