import { create } from "zustand"
import type { BackendView } from "#contract/backends.ts"
import type { RouteCall, RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"

export type BackendTest = RouteOutput<Routes["POST /api/backends/:name/test"]>
export type NewBackend = RouteCall<Routes["POST /api/backends"]>["body"]

interface BackendsState {
  /** Null: not read yet, or not for this person. */
  items: BackendView[] | null
  tests: Readonly<Record<string, BackendTest>>
}

export const useBackends = create<BackendsState>(() => ({ items: null, tests: {} }))

/** Some answers may come from another computer. */
export const usesServers = ({ items }: BackendsState): boolean =>
  items?.some(({ isEnabled, leavesMachine }) => isEnabled && leavesMachine) ?? false

/** Ids of a server's models, its usual one first. @param listed Those it listed; default: when it was last tried. */
export const modelIdsOf = ({ model, models }: BackendView, listed: readonly { id: string }[] = models): string[] => [
  ...new Set([...(model === null ? [] : [model]), ...listed.map(({ id }) => id)]),
]

export async function loadBackends(): Promise<void> {
  // Whoever may not see the servers sees no section for them.
  const items = await api("GET /api/backends").then(
    (list) => list.items,
    () => null,
  )
  useBackends.setState({ items })
}

export const followBackends = (): (() => void) =>
  subscribe("models", (message) => {
    if (message.type === "changed") void loadBackends()
  })

export async function addBackend(backend: NewBackend): Promise<void> {
  await api("POST /api/backends", { body: backend })
  await testBackend(backend.name)
}

export async function changeBackend(
  name: string,
  body: RouteCall<Routes["PATCH /api/backends/:name"]>["body"],
): Promise<void> {
  await api("PATCH /api/backends/:name", { params: { name }, body })
  await loadBackends()
}

export async function testBackend(name: string): Promise<void> {
  const test = await api("POST /api/backends/:name/test", { params: { name } })
  useBackends.setState(({ tests }) => ({ tests: { ...tests, [name]: test } }))
  await loadBackends()
}

export async function removeBackend(name: string): Promise<void> {
  await api("DELETE /api/backends/:name", { params: { name } })
  await loadBackends()
}
