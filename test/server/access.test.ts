import { afterAll, beforeAll, expect, it } from "vitest"
import { WebSocket } from "ws"
import { openAiRoutes } from "#contract/openai.ts"
import type { Role } from "#contract/people.ts"
import type { Route } from "#contract/route.ts"
import { routes } from "#contract/routes.ts"
import { routeRules } from "#core/routeRules.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakePeople } from "../fakes/fakePeople.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"

/** What each role gets of a route, by its rule: written here once more, so that the table cannot loosen unnoticed. */
const admitted: Record<string, Role[]> = {
  everybody: ["owner", "adult", "child", "guest"],
  members: ["owner", "adult", "child"],
  adults: ["owner", "adult"],
  owner: ["owner"],
}
const live = { ...routes, ...openAiRoutes } as Record<string, Route>
const everyScope = ["chat", "rag", "audio", "models", "ops", "dataset", "admin"]

let fake: FakeServer
let server: CoreServer
const people = createFakePeople()
const keys = new Map<Role, string>([["owner", testKey]])
beforeAll(async () => {
  fake = createFakeServer({ people })
  server = createServer(fake.deps)
  await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
  for (const role of ["adult", "child", "guest"] as const) {
    people.join(role, role)
    const made = await call("POST", "/api/keys", testKey, { name: role, scopes: everyScope, personId: role })
    expect(made.status).toBe(201)
    keys.set(role, ((await made.json()) as { secret: string }).secret)
  }
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const call = (method: string, path: string, key: string, body?: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(`${server.baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  })

/** Whether the door let it through, whatever came of it then. */
async function isThrough(key: string, secret: string): Promise<boolean> {
  const [method = "", template = ""] = key.split(" ")
  const leaving = new AbortController()
  const path = template.replace(/[:*]\w+/g, "nothing")
  const response = await call(method, path, secret, live[key]?.body ? {} : undefined, leaving.signal)
  if (response.status !== 403) {
    leaving.abort()
    return true
  }
  const { error } = (await response.json()) as { error: { code: string } }
  return !["access.denied", "auth.missing-scope", "insufficient_permissions"].includes(error.code)
}

it("has a rule for every route there is, and for none that is not", () => {
  const sockets = ["WS /ws", "WS /ws/metrics"]
  expect([...routeRules.keys()].toSorted()).toEqual([...Object.keys(live), ...sockets].toSorted())
})

it.each(["owner", "adult", "child", "guest"] as const)("answers somebody who is %s as the table says", async (role) => {
  const wrong: string[] = []
  for (const [key, route] of Object.entries(live)) {
    if (route.scope === "public" || route.scope === "window") continue
    const expected = admitted[routeRules.get(key) ?? "owner"]?.includes(role) ?? false
    if ((await isThrough(key, keys.get(role) ?? "")) !== expected)
      wrong.push(`${key}: ${expected ? "refused" : "answered"}`)
  }
  expect(wrong).toEqual([])
})

it("never lets a key do more than its person, whatever it was made with, and lets it do nothing once they are gone", async () => {
  people.join("leaver", "adult")
  const made = await call("POST", "/api/keys", testKey, { name: "leaver", scopes: everyScope, personId: "leaver" })
  const { secret } = (await made.json()) as { secret: string }
  expect((await call("GET", "/api/conversations", secret)).status).toBe(200)
  expect((await call("GET", "/api/people", secret)).status).toBe(200)
  expect((await call("GET", "/admin/ping", secret)).status).toBe(403)
  await people.remove({ personId: "owner", scopes: [] }, "leaver", "erase")
  expect((await call("GET", "/api/conversations", secret)).status).toBe(401)
  const unknown = await call("POST", "/api/keys", testKey, { name: "x", scopes: ["chat"], personId: "nobody" })
  expect(unknown.status).toBe(404)
})

it("notes that somebody else's key is in use", async () => {
  await call("GET", "/api/conversations", keys.get("adult") ?? "")
  const { items } = await fake.deps.audit.list(
    { personId: "owner", scopes: ["owner"] },
    { action: "key.use", limit: 20 },
  )
  expect(items.some(({ personId }) => personId === "adult")).toBe(true)
})

it("answers a window that was handed to nobody with whom it can be handed to, and with nothing else", async () => {
  const session = await call("POST", "/api/session", "", { ticket: server.mintTicket() })
  const { token } = (await session.json()) as { token: string }
  expect((await call("POST", "/api/session/person", token, { personId: null })).status).toBe(200)
  const opened: string[] = []
  for (const [key, route] of Object.entries(live)) {
    if (route.scope === "public" || route.scope === "window") continue
    if (await isThrough(key, token)) opened.push(key)
  }
  expect(opened).toEqual([])
  expect(await (await call("GET", "/api/session", token)).json()).toMatchObject({
    person: null,
    people: expect.arrayContaining([expect.objectContaining({ id: "owner" })]),
  })
  expect((await call("POST", "/api/session/person", testKey, { personId: "child" })).status).toBe(422)
})

it("ends what a window had open when it is handed on, or when its person may do other things", async () => {
  const session = await call("POST", "/api/session", "", { ticket: server.mintTicket() })
  const { token } = (await session.json()) as { token: string }
  const open = (): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${server.baseUrl.replace("http", "ws")}/ws`, ["zenglow", `bearer.${token}`])
      socket.on("open", () => resolve(socket))
      socket.on("error", reject)
    })
  const closed = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.on("close", resolve))
  const first = closed(await open())
  expect((await call("POST", "/api/session/person", token, { personId: "child" })).status).toBe(200)
  expect(await first).toBe(1008)
  expect((await call("GET", "/api/keys", token)).status).toBe(403)
  const second = closed(await open())
  await call("PATCH", "/api/people/child", testKey, { role: "guest" })
  expect(await second).toBe(1008)
  people.join("child", "child")
})

it("sends nobody the speech of a turn that they may not watch", async () => {
  const { emit } = fake.addTurn("private-turn")
  emit({ type: "listen-start" })
  const original = fake.deps.turns.watch
  fake.deps.turns.watch = (actor, id, after, listener) => {
    if (actor.personId !== "owner") throw new Error("turn.not-found")
    return original(actor, id, after, listener)
  }
  const socket = new WebSocket(`${server.baseUrl.replace("http", "ws")}/ws`, ["zenglow", `bearer.${keys.get("adult")}`])
  await new Promise((resolve) => socket.on("open", resolve))
  const heard: unknown[] = []
  const answered = new Promise<void>((resolve) => {
    socket.on("message", (data, isBinary) => {
      if (isBinary) heard.push(data)
      else if (JSON.parse(String(data)).type === "pong") resolve()
    })
  })
  socket.send(JSON.stringify({ type: "subscribe", channel: "turn:private-turn" }))
  await new Promise<void>((resolve) => socket.once("message", () => resolve()))
  fake.speech.publish({ turnId: "private-turn", streamId: 1, sequence: 0, pcm: new Uint8Array([1, 2]) })
  socket.send(JSON.stringify({ type: "ping" }))
  await answered
  expect(heard).toEqual([])
  socket.close()
})
