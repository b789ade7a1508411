import type { ErrorCode } from "#contract/errors.ts"
import { AppError } from "#core/errors.ts"

export type Domain =
  | "conversation"
  | "message"
  | "collection"
  | "document"
  | "folder"
  | "chunk"
  | "job"
  | "key"
  | "query"
  | "memory"
  | "artifact"
  | "evaluation"
  | "speaker"
  | "person"
  | "consent"
  | "cloned voice"

const codes: Record<Domain, ErrorCode> = {
  conversation: "conversation.not-found",
  message: "message.not-found",
  collection: "collection.not-found",
  document: "document.not-found",
  folder: "folder.not-found",
  chunk: "document.not-found",
  job: "job.not-found",
  key: "request.not-found",
  query: "query.not-found",
  memory: "memory.not-found",
  artifact: "artifact.not-found",
  evaluation: "evaluation.not-found",
  speaker: "speaker.not-found",
  person: "person.not-found",
  consent: "cloning.not-found",
  "cloned voice": "cloning.not-found",
}

/** Says the same of rows that do not exist and of rows of somebody else. */
export const notFound = (domain: Domain): AppError =>
  new AppError(codes[domain], `There is no such ${domain}.`, {
    remedy: "It may have been removed: look at the list again.",
  })

export const nameTaken = (name: string): AppError =>
  new AppError("request.conflict", `There is already a collection called “${name}”.`, {
    remedy: "Choose another name.",
  })
