import { type BackendView, backendView } from "#contract/backends.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps } from "#server/deps.ts"

/** Servers in a map, without a network. */
export function createFakeBackends(): Pick<ServerDeps, "backends" | "switchr"> {
  const known = new Map<string, BackendView>()
  const named = (name: string): BackendView => {
    const found = known.get(name)
    if (!found) throw new AppError("backend.not-found", `There is no server named ${name}.`)
    return found
  }
  const health = {
    state: "unknown" as const,
    failures: 0,
    lastOkAt: null,
    lastError: null,
    retryAt: null,
    firstTokenMs: null,
  }
  const config = { version: 1, text: "version: 1\n", isDefault: true, problem: null }
  return {
    backends: {
      list: async () => [...known.values()],
      async add(backend, key) {
        const host = new URL(backend.baseUrl).host
        const view = { ...backend, host, hasKey: key !== null, leavesMachine: true, health, models: [] }
        known.set(backend.name, view)
        return view
      },
      async change(name, { key, ...change }) {
        const view = backendView.parse({ ...named(name), ...change, ...(key === null ? { hasKey: false } : {}) })
        known.set(name, view)
        return view
      },
      async remove(name) {
        named(name)
        known.delete(name)
      },
      async test(name) {
        named(name)
        return { ok: true, latencyMs: 1, models: [], error: null }
      },
    },
    switchr: {
      route: async () => ({
        decision_id: "decision",
        backend: "in-process",
        model: "fake-llm",
        domain: "quick",
        tools: [],
        confidence: 1,
        reasons: [],
        alternatives: [],
        leaves_machine: false,
        latency_ms: 0,
      }),
      health: async () => ({ status: "ok", version: 1, targets: [] }),
      async feedback(decisionId) {
        if (decisionId !== "decision") throw new AppError("request.not-found", "This choice is not known any more.")
      },
      config: async () => config,
      configure: async (text) => ({ ...config, text, isDefault: false, version: 2 }),
    },
  }
}
