import { useMemo } from "react"
import type { BackendView } from "#contract/backends.ts"
import type { Model } from "#contract/models.ts"
import { modelIdsOf, useBackends } from "../models/backendsStore.ts"
import { activeChatModel, selectModel, useModels } from "../models/modelsStore.ts"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { newKey, useChat } from "./chatStore.ts"
import { patchConversation } from "./conversations.ts"

/** What a chat may be answered by: a model of this computer, one of a server, or whoever fits each question. */
export type ModelChoice =
  | { kind: "local"; id: string; model: Model }
  | { kind: "automatic"; id: "automatic" }
  | { kind: "server"; id: string; server: BackendView; modelId: string }

/** More than these of one server are no choice any more; any of them can be made its usual one in Models. */
const mostPerServer = 8

/** This computer's models, then, where other servers are used, the automatic choice and their models. */
export function modelChoices(models: readonly Model[], servers: readonly BackendView[]): ModelChoice[] {
  const used = servers.filter(({ isEnabled }) => isEnabled)
  const ofServers = used.flatMap((server) =>
    modelIdsOf(server)
      .slice(0, mostPerServer)
      .map((modelId): ModelChoice => ({ kind: "server", id: `${server.name}/${modelId}`, server, modelId })),
  )
  return [
    ...models
      .filter(({ role }) => role === "llm")
      .map((model): ModelChoice => ({ kind: "local", id: model.id, model })),
    ...(ofServers.length > 0 ? [{ kind: "automatic" as const, id: "automatic" as const }] : []),
    ...ofServers,
  ]
}

export const isDown = ({ health }: BackendView): boolean => health.state === "failing" || health.state === "resting"

export function useModelChoices(): ModelChoice[] {
  const models = useModels((state) => state.items)
  const servers = useBackends((state) => state.items)
  return useMemo(() => modelChoices(models, servers ?? []), [models, servers])
}

/** The chat's own choice: a model's id. Null: none, the settings decide. */
export const usePickedModel = (chatKey: string): string | null =>
  useChat((state) =>
    chatKey === newKey || state.temporaryIds[chatKey]
      ? (state.pickedModels[chatKey] ?? null)
      : (state.conversations.find(({ id }) => id === chatKey)?.model ?? null),
  )

/** What answers in a chat now. Null: nothing is installed. */
export function useActiveChoice(chatKey: string, choices: readonly ModelChoice[]): ModelChoice | null {
  const picked = usePickedModel(chatKey)
  const usual = useSettings((state) => state.values.chatModel)
  const local = useModels((state) => activeChatModel(state.items, picked ?? usual))
  return (
    choices.find(({ id }) => id === picked) ??
    (usual === null ? choices.find(({ kind }) => kind === "automatic") : undefined) ??
    choices.find(({ id }) => id === local?.id) ??
    null
  )
}

/** The server's model that a chat is answered by, where it was picked by hand. */
export function usePickedServer(chatKey: string): { name: string; modelId: string; server: BackendView | null } | null {
  const picked = usePickedModel(chatKey)
  const servers = useBackends((state) => state.items)
  const slash = picked?.indexOf("/") ?? -1
  if (picked === null || slash < 0) return null
  const name = picked.slice(0, slash)
  const server = servers?.find((one) => one.name === name && one.isEnabled) ?? null
  return { name, modelId: picked.slice(slash + 1), server }
}

/** Makes a choice count: a local model and the automatic choice for every chat that has none of its own, a server's model for this chat. */
export async function takeChoice(chatKey: string, choice: ModelChoice): Promise<void> {
  if (choice.kind === "local" && choice.id !== useSettings.getState().values.chatModel) await selectModel(choice.id)
  if (choice.kind === "automatic" && useSettings.getState().values.chatModel !== null)
    await changeSettings({ chatModel: null })
  await setChatModel(chatKey, choice.kind === "server" ? choice.id : null)
}

async function setChatModel(chatKey: string, model: string | null): Promise<void> {
  const { temporaryIds, conversations } = useChat.getState()
  if (chatKey === newKey || temporaryIds[chatKey])
    useChat.setState((state) => ({ pickedModels: { ...state.pickedModels, [chatKey]: model } }))
  else if (conversations.find(({ id }) => id === chatKey)?.model !== model) await patchConversation(chatKey, { model })
}
