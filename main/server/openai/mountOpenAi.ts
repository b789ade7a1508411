import type { Express } from "express"
import type { OpenAiErrorBody } from "#contract/openai.ts"
import type { AppError } from "#core/errors.ts"
import type { ServerDeps } from "../deps.ts"
import type { Guard } from "../guard.ts"

export const isOpenAiPath = (path: string): boolean => path === "/v1" || path.startsWith("/v1/")

export function openAiErrorBody(error: AppError, _requestId: string): OpenAiErrorBody {
  return { error: { message: error.message, type: "server_error", param: null, code: error.code } }
}

export function mountOpenAi(_app: Express, _deps: ServerDeps, _guard: Guard): void {}
