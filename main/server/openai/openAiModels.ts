import type { Collection } from "#contract/documents.ts"
import type { ModelRole } from "#contract/models.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "../deps.ts"

interface OpenAiModel {
  id: string
  object: "model"
  created: number
  owned_by: string
}

type ModelDeps = Pick<ServerDeps, "models" | "collections" | "backends">

/** Every installed model, the model set for each added server as `<server>/<model>`, and one `rag/<collection>` per collection. @param created Seconds since the epoch. */
export async function listOpenAiModels(actor: Actor, deps: ModelDeps, created: number): Promise<OpenAiModel[]> {
  const [{ items }, collections, backends] = await Promise.all([
    deps.models.list(),
    deps.collections.list(actor),
    deps.backends.list(),
  ])
  const model = (id: string): OpenAiModel => ({ id, object: "model", created, owned_by: "zenglow" })
  return [
    ...items.filter((item) => item.status === "installed" && item.role !== "vad").map((item) => model(item.id)),
    ...backends.flatMap(({ name, model: served, isEnabled }) =>
      served && isEnabled ? [model(`${name}/${served}`)] : [],
    ),
    ...collections.map((collection) => model(`rag/${collection.name}`)),
  ]
}

/** The collection behind `rag/<name or id>`. Throws `model.not-found`. */
export async function findCollection(
  model: string,
  actor: Actor,
  deps: Pick<ServerDeps, "collections">,
): Promise<Collection> {
  const name = model.slice("rag/".length)
  const collections = await deps.collections.list(actor)
  const found = collections.find((item) => item.name === name) ?? collections.find((item) => item.id === name)
  if (!found) throw unknownModel(model)
  return found
}

/** Names that stock clients send, which stand for whatever model of the role is in use here. */
const stockNames: Partial<Record<ModelRole, readonly string[]>> = {
  stt: ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"],
  tts: ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"],
}

export const isStockName = (model: string, role: ModelRole): boolean => stockNames[role]?.includes(model) ?? false

/** Checks that `model` names an installed model of this role, or a stock one. Throws `model.not-found`. */
export async function checkModelOfRole(
  model: string,
  role: ModelRole,
  deps: Pick<ServerDeps, "models">,
): Promise<void> {
  if (isStockName(model, role)) return
  const { items } = await deps.models.list()
  if (!items.some((item) => item.id === model && item.role === role && item.status === "installed"))
    throw unknownModel(model)
}

export const unknownModel = (model: string): AppError =>
  new AppError("model.not-found", `The model \`${model.slice(0, 100)}\` does not exist here.`, {
    remedy: "GET /v1/models lists what is installed.",
  })
