import type { BackendView } from "#contract/backends.ts"

const health = {
  state: "unknown" as const,
  failures: 0,
  lastOkAt: null,
  lastError: null,
  retryAt: null,
  firstTokenMs: null,
}

/** Other servers of the mock: one that works, and those a test adds. */
export function backendHandlers() {
  let items: BackendView[] = [
    {
      name: "study",
      kind: "ollama",
      baseUrl: "http://study.home:11434",
      model: "llama3.2:3b",
      contextTokens: null,
      allowsPrivate: true,
      allowsDocuments: false,
      isEnabled: true,
      host: "study.home:11434",
      hasKey: false,
      leavesMachine: true,
      health: { ...health, state: "ok" },
      models: [
        { id: "llama3.2:3b", contextTokens: 8192 },
        { id: "qwen3:8b", contextTokens: 32_768 },
      ],
    },
  ]
  const change = (name: string, next: Partial<BackendView>): BackendView => {
    items = items.map((item) => (item.name === name ? { ...item, ...next } : item))
    return items.find((item) => item.name === name) as BackendView
  }
  return {
    "GET /api/backends": () => ({ items }),
    "POST /api/backends": ({
      body: { key, ...body },
    }: {
      body: Omit<BackendView, "host" | "hasKey" | "leavesMachine" | "health" | "models"> & { key?: string | null }
    }) => {
      const view = {
        ...body,
        host: new URL(body.baseUrl).host,
        hasKey: Boolean(key),
        leavesMachine: true,
        health,
        models: [],
      }
      items = [...items, view]
      return view
    },
    "PATCH /api/backends/:name": ({ params, body }: { params: { name: string }; body: Record<string, unknown> }) =>
      change(params.name, body as Partial<BackendView>),
    "DELETE /api/backends/:name": ({ params }: { params: { name: string } }) => {
      items = items.filter((item) => item.name !== params.name)
      return { ok: true as const }
    },
    "POST /api/backends/:name/test": ({ params }: { params: { name: string } }) => {
      const models = [{ id: "llama3.2:3b", contextTokens: null }]
      change(params.name, { health: { ...health, state: "ok" }, models })
      return { ok: true, latencyMs: 12, models, error: null }
    },
  }
}
