import { afterAll, beforeAll, expect, it } from "vitest"
import { WebSocket } from "ws"
import type { Route } from "#contract/route.ts"
import { routes } from "#contract/routes.ts"
import { ownerActor } from "#core/actor.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"

let fake: FakeServer
let server: CoreServer
beforeAll(async () => {
  fake = createFakeServer()
  server = createServer(fake.deps)
  await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const call = (method: string, path: string, options: { key?: string; body?: unknown } = {}): Promise<Response> =>
  fetch(`${server.baseUrl}${path}`, {
    method,
    headers: {
      ...(options.key ? { authorization: `Bearer ${options.key}` } : {}),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  })
const rows = async (action: string) => (await fake.deps.audit.list(ownerActor, { action, limit: 50 })).items

it("names every route that deletes something a person made", () => {
  const unnamed = Object.entries<Route>(routes)
    .filter(([key, route]) => key.startsWith("DELETE ") && route.audit === undefined)
    .map(([key]) => key)
  // A job, a turn and a conversation by voice are stopped, not deleted.
  expect(unnamed.toSorted()).toEqual([
    "DELETE /api/jobs/:id",
    "DELETE /api/turns/:turnId",
    "DELETE /api/voice/sessions/:id",
  ])
})

it("writes who did what, what came of it, and the request's id", async () => {
  const made = await call("POST", "/api/keys", { key: testKey, body: { name: "tool", scopes: ["chat"] } })
  const { key } = (await made.json()) as { key: { id: string } }
  const revoked = await call("DELETE", `/api/keys/${key.id}`, { key: testKey })
  expect(revoked.status).toBe(200)
  expect(await rows("key")).toMatchObject([
    { action: "key.revoke", subject: key.id, personId: "owner", outcome: "ok" },
    { action: "key.create", outcome: "ok" },
  ])
  expect((await rows("key"))[0]?.requestId).toBe(revoked.headers.get("x-request-id"))

  await call("DELETE", "/api/documents/nothing", { key: testKey })
  expect(await rows("document")).toMatchObject([
    { action: "document.delete", subject: "nothing", outcome: "failed", detail: "document.not-found" },
  ])
})

it("never writes a secret or a body", async () => {
  await call("PUT", "/api/secrets/openai", { key: testKey, body: { value: "canary-value" } })
  const [row] = await rows("secret")
  expect(row).toMatchObject({ action: "secret.set", subject: "openai", outcome: "ok" })
  expect(JSON.stringify(row)).not.toContain("canary")
})

it("writes denials with the person where one is known, and a flood of them as few lines", async () => {
  const made = await call("POST", "/api/keys", { key: testKey, body: { name: "reader", scopes: ["chat"] } })
  const { secret } = (await made.json()) as { secret: string }
  await call("GET", "/api/keys", { key: secret })
  expect(await rows("access.denied")).toMatchObject([
    { subject: "GET /api/keys", personId: "owner", outcome: "denied", detail: "auth.missing-scope" },
  ])
  for (let attempt = 0; attempt < 30; attempt++) await call("GET", "/api/settings", { key: "zg_wrong-key-wrong-key" })
  const wrong = (await rows("access.denied")).filter(({ detail }) => detail?.startsWith("auth.bad-key"))
  expect(wrong).toHaveLength(5)
  expect(wrong[0]?.personId).toBe("anonymous")

  const refused = new WebSocket(server.baseUrl.replace("http", "ws").concat("/ws"), ["zenglow.v1"])
  await new Promise<void>((resolve) => refused.on("error", () => resolve()))
  expect((await rows("access.denied"))[0]).toMatchObject({ subject: "GET /ws", detail: "auth.missing-key" })
})

it("is listed and verified over HTTP, for keys with the scope `ops`", async () => {
  const list = (await (await call("GET", "/api/audit?limit=2", { key: testKey })).json()) as { items: unknown[] }
  expect(list.items).toHaveLength(2)
  const verdict = await call("GET", "/api/audit/verify", { key: testKey })
  expect(await verdict.json()).toMatchObject({ isIntact: true, brokenAt: null })
})
