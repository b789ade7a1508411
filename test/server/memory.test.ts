import { afterEach, beforeEach, expect, it } from "vitest"
import { createKnowledge } from "#app/knowledge.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import type { Store } from "#store/types.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"

let store: Store
let fake: FakeServer
let server: CoreServer
let baseUrl: string

beforeEach(async () => {
  store = createMemoryStore()
  const knowledge = createKnowledge({
    store,
    queryEmbedder: async () => null,
    embedder: () => null,
    changed: () => () => {},
    log: silentLogger,
  })
  fake = createFakeServer({ memory: knowledge.memoryService, artifacts: knowledge.artifactService })
  server = createServer(fake.deps)
  baseUrl = (await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).baseUrl
})
afterEach(async () => {
  await server.close()
  await store.close()
  fake.remove()
})

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(new URL(path, baseUrl), {
    method,
    headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

it("keeps, lists, changes and forgets over HTTP, with the codes of the contract", async () => {
  const { status, body: added } = await call("POST", "/api/memory", { text: "  My dentist is in Harbour Street.  " })
  expect(status).toBe(201)
  expect(added).toMatchObject({ text: "My dentist is in Harbour Street.", weight: 1, source: { kind: "added" } })
  const { id } = added as { id: string }
  expect((await call("POST", "/api/memory", { text: "my dentist is in harbour street" })).body).toMatchObject({ id })
  await call("POST", "/api/memory", { text: "The boiler was serviced in May." })
  expect((await call("GET", "/api/memory?q=boiler")).body).toMatchObject({ total: 2, items: [{ weight: 1 }] })
  expect((await call("PATCH", `/api/memory/${id}`, { weight: 1.5 })).body).toMatchObject({ id, weight: 1.5 })
  expect((await call("PATCH", `/api/memory/${id}`, { text: "The boiler was serviced in May" })).status).toBe(409)
  for (const bad of [{ text: "" }, { text: "x", weight: 3 }, { text: "x".repeat(2001) }, { text: "x", other: 1 }])
    expect((await call("POST", "/api/memory", bad)).status).toBe(422)
  expect((await call("POST", "/api/memory", { text: "x", conversationId: "none" })).status).toBe(404)
  expect((await call("DELETE", `/api/memory/${id}`)).status).toBe(200)
  expect((await call("DELETE", `/api/memory/${id}`)).status).toBe(404)
})

it("forgets everything only when that is said", async () => {
  await call("POST", "/api/memory", { text: "The boiler was serviced in May." })
  expect((await call("DELETE", "/api/memory")).status).toBe(422)
  expect((await call("GET", "/api/memory")).body).toMatchObject({ total: 1 })
  expect((await call("DELETE", "/api/memory?confirm=all")).body).toEqual({ forgotten: 1 })
  expect((await call("GET", "/api/memory")).body).toMatchObject({ total: 0, items: [] })
})

it("finds artifacts by several tags, and notes the export of a chat", async () => {
  const base = { hash: null, sizeBytes: null, provenance: {} }
  await store.artifacts.record(ownerActor, { ...base, kind: "index", name: "One", tags: ["index", "home"] })
  await store.artifacts.record(ownerActor, { ...base, kind: "model", name: "Two", tags: ["model", "home"] })
  expect((await call("GET", "/api/artifacts?tag=home,Model")).body).toMatchObject({ items: [{ name: "Two" }] })
  expect((await call("GET", "/api/artifacts?kind=index")).body).toMatchObject({ items: [{ name: "One" }] })
  const { items } = (await call("GET", "/api/artifacts")).body as unknown as { items: { id: string }[] }
  const changed = await call("PATCH", `/api/artifacts/${items[0]?.id}`, { tags: ["Best one", "best one"] })
  expect(changed.body).toMatchObject({ tags: ["best one"] })
  expect((await call("PATCH", `/api/artifacts/${items[0]?.id}`, { tags: ["<script>"] })).status).toBe(422)
  expect((await call("GET", "/api/artifacts/none")).status).toBe(404)

  const { body: conversation } = await call("POST", "/api/conversations", { title: "Filters" })
  await fetch(new URL(`/api/conversations/${(conversation as { id: string }).id}/export?format=json`, baseUrl), {
    headers: { authorization: `Bearer ${testKey}` },
  })
  expect((await call("GET", "/api/artifacts?kind=export")).body).toMatchObject({
    items: [{ name: "Filters", tags: ["export", "json"] }],
  })
})
