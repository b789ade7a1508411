import type { ModelRole } from "#contract/models.ts"
import { AppError } from "#core/errors.ts"
import type { Models } from "#models/models.ts"
import type { ModelService } from "#server/deps.ts"
import type { EngineRack } from "./engines.ts"
import type { Settings } from "./settings.ts"

/** The setting in which a role's chosen model stands. Roles without one have only one model. */
const settingOf: Partial<Record<ModelRole, "chatModel" | "embedModel" | "sttModel" | "ttsModel">> = {
  llm: "chatModel",
  embedder: "embedModel",
  stt: "sttModel",
  tts: "ttsModel",
}

/** The id a person chose for this role. Null: none, or there is nothing to choose. */
export function selectedModel(role: ModelRole, settings: Pick<Settings, "values">): string | null {
  const name = settingOf[role]
  return name ? settings.values()[name] : null
}

/** What the model routes call: what lies on the disk, what is loaded, and what is chosen. */
export function createModelService(deps: {
  models: Models
  engines: Pick<EngineRack, "load" | "unload">
  settings: Pick<Settings, "change">
}): ModelService {
  const { models, engines, settings } = deps
  return {
    ...models,
    async load(id, signal) {
      await engines.load(id, signal)
      return await models.get(id)
    },
    async unload(id) {
      await engines.unload(id)
      return await models.get(id)
    },
    async select(actor, id) {
      const { role } = await models.get(id)
      const name = settingOf[role]
      if (!name) throw new AppError("model.incompatible", `There is only one model of the kind ${role}.`)
      await settings.change(actor, { [name]: id })
      return await models.get(id)
    },
  }
}
