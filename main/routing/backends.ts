import { z } from "zod"
import { type Backend, type BackendView, backend as backendSchema, backendView } from "#contract/backends.ts"
import { ownerActor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import type { Llm } from "#engines/types.ts"
import type { SettingsRepository } from "#store/types.ts"
import { type Circuit, createCircuit } from "./circuit.ts"

export interface Connected {
  models(signal: AbortSignal): Promise<{ id: string; contextTokens: number | null }[]>
  llm(model: string): Llm
}

export interface BackendsDeps {
  settings: Pick<SettingsRepository, "all" | "set">
  connect(backend: Backend): Connected
  keys: {
    has(name: string): Promise<boolean>
    set(name: string, value: string): Promise<unknown>
    remove(name: string): Promise<void>
  }
  isThisMachine(host: string): boolean
  onChange(): void
  clock: Clock
}

/** A model of a server, ready to be asked. */
export interface RemoteChoice {
  backend: Backend
  model: string
  llm: Llm
  circuit: Circuit
  /** Null: it is this computer. */
  sentTo: string | null
}

export type BackendChange = { [K in Exclude<keyof Backend, "name">]?: Backend[K] | undefined } & {
  key?: string | null | undefined
}

/** The servers a person named. */
export interface Backends {
  list(): Promise<BackendView[]>
  /** Throws `request.conflict` for a name that is taken. */
  add(backend: Backend, key: string | null): Promise<BackendView>
  /** Throws `backend.not-found`. */
  change(name: string, change: BackendChange): Promise<BackendView>
  remove(name: string): Promise<void>
  test(name: string, signal: AbortSignal): Promise<TestResult>
  enabled(): readonly Backend[]
  /** `server/model`, or a server's name alone for its default model. Null: it names no server. */
  find(id: string): RemoteChoice | null
  /** The same for a server that is known; null while it has no default model. */
  defaultOf(backend: Backend): RemoteChoice | null
}

export interface TestResult {
  ok: boolean
  latencyMs: number
  models: { id: string; contextTokens: number | null }[]
  error: { code: string; message: string; remedy?: string } | null
}

const settingName = "backends"
const modelsSetting = "backendModels"
const listedModels = z.record(z.string(), backendView.shape.models)

export async function openBackends(deps: BackendsDeps): Promise<Backends> {
  const { settings, keys, clock } = deps
  const kept = await settings.all(ownerActor)
  const stored = backendSchema.array().safeParse(kept[settingName])
  const storedModels = listedModels.safeParse(kept[modelsSetting])
  const listed = new Map(storedModels.success ? Object.entries(storedModels.data) : [])
  let known: readonly Backend[] = stored.success ? stored.data : []
  const connections = new Map<string, { connected: Connected; circuit: Circuit; llms: Map<string, Llm> }>()

  const save = async (next: readonly Backend[]): Promise<void> => {
    await settings.set(ownerActor, { [settingName]: next })
    known = next
    deps.onChange()
  }
  const remember = async (name: string, models: BackendView["models"] | null): Promise<void> => {
    if (models === null) listed.delete(name)
    else listed.set(name, models)
    await settings.set(ownerActor, { [modelsSetting]: Object.fromEntries(listed) })
    deps.onChange()
  }
  const named = (name: string): Backend => {
    const found = known.find((backend) => backend.name === name)
    if (!found)
      throw new AppError("backend.not-found", `There is no server named ${name}.`, {
        remedy: "`zenglow backends list` shows them.",
      })
    return found
  }
  const connection = (backend: Backend) => {
    const open = connections.get(backend.name)
    if (open) return open
    const made = { connected: deps.connect(backend), circuit: createCircuit(clock), llms: new Map<string, Llm>() }
    connections.set(backend.name, made)
    return made
  }
  const view = async (backend: Backend): Promise<BackendView> => {
    const { hostname, host } = new URL(backend.baseUrl)
    return {
      ...backend,
      host,
      hasKey: await keys.has(backend.name),
      leavesMachine: !deps.isThisMachine(hostname),
      health: connection(backend).circuit.health(),
      models: listed.get(backend.name) ?? [],
    }
  }
  const choice = (backend: Backend, model: string): RemoteChoice => {
    const { connected, circuit, llms } = connection(backend)
    const llm = llms.get(model) ?? connected.llm(model)
    llms.set(model, llm)
    const { hostname, host } = new URL(backend.baseUrl)
    return { backend, model, llm, circuit, sentTo: deps.isThisMachine(hostname) ? null : host }
  }
  const defaultOf = (backend: Backend): RemoteChoice | null =>
    backend.model === null ? null : choice(backend, backend.model)

  return {
    list: () => Promise.all(known.map(view)),
    async add(backend, key) {
      if (known.some(({ name }) => name === backend.name))
        throw new AppError("request.conflict", `There is a server named ${backend.name} already.`, {
          remedy: "Choose another name.",
        })
      checkAddress(backend.baseUrl)
      if (key !== null) await keys.set(backend.name, key)
      await save([...known, backend])
      return await view(backend)
    },
    async change(name, { key, ...change }) {
      const before = named(name)
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
      const changed = backendSchema.parse({ ...before, ...given })
      checkAddress(changed.baseUrl)
      // A key is for the place it was given for.
      const isElsewhere = new URL(changed.baseUrl).origin !== new URL(before.baseUrl).origin
      if (isElsewhere && key === undefined) await keys.remove(name)
      if (isElsewhere) await remember(name, null)
      if (key === null) await keys.remove(name)
      else if (key !== undefined) await keys.set(name, key)
      connections.delete(name)
      await save(known.map((backend) => (backend.name === name ? changed : backend)))
      return await view(changed)
    },
    async remove(name) {
      named(name)
      await keys.remove(name)
      connections.delete(name)
      await remember(name, null)
      await save(known.filter((backend) => backend.name !== name))
    },
    async test(name, signal) {
      const { connected, circuit } = connection(named(name))
      const startedAt = clock.monotonic()
      const latencyMs = (): number => Math.round(clock.monotonic() - startedAt)
      try {
        const models = await connected.models(signal)
        circuit.succeeded(null)
        await remember(name, models)
        return { ok: true, latencyMs: latencyMs(), models, error: null }
      } catch (error) {
        signal.throwIfAborted()
        circuit.failed(error)
        return { ok: false, latencyMs: latencyMs(), models: [], error: errorInfo(error) }
      }
    },
    enabled: () => known.filter(({ isEnabled }) => isEnabled),
    find(id) {
      const slash = id.indexOf("/")
      const name = slash < 0 ? id : id.slice(0, slash)
      const backend = known.find((candidate) => candidate.name === name && candidate.isEnabled)
      if (!backend) return null
      return slash < 0 ? defaultOf(backend) : choice(backend, id.slice(slash + 1))
    },
    defaultOf,
  }
}

function checkAddress(baseUrl: string): void {
  const url = new URL(baseUrl)
  if (url.username || url.password || url.search || url.hash)
    throw new AppError("backend.refused", "The address carries a password or a query.", {
      remedy: "Give the key by itself: it is kept apart.",
    })
}
