import { Agent } from "node:http"
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { openAiRoutes } from "#contract/openai.ts"
import type { Route } from "#contract/route.ts"
import { routes } from "#contract/routes.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { rawRequest } from "../fakes/rawRequest.ts"

let fake: FakeServer
let server: CoreServer
let port: number
const agent = new Agent({ keepAlive: true, maxSockets: 16 })

beforeAll(async () => {
  fake = createFakeServer({ allowedOrigins: ["https://trusted.example"], requestsPerTenSeconds: 1_000_000 })
  server = createServer(fake.deps)
  port = (await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).port
})
afterAll(async () => {
  agent.destroy()
  await server.close()
  fake.remove()
})

const table: [string, Route][] = Object.entries({ ...routes, ...openAiRoutes })
const split = (key: string): { method: string; path: string } => {
  const [method = "", path = ""] = key.split(" ")
  return { method, path: path.replace(/[:*]\w+/g, "nothing") }
}
const codeOf = (text: string): string => (JSON.parse(text) as { error: { code: string } }).error.code

const goodHosts = (): string[] => [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]
const badHosts = (): string[] => [
  "",
  "127.0.0.1",
  "localhost",
  `127.0.0.1:${port + 1}`,
  `evil.example:${port}`,
  `localhost.:${port}`,
  `localhost.evil.example:${port}`,
  `user@localhost:${port}`,
  `0.0.0.0:${port}`,
  `127.1:${port}`,
  `[::ffff:127.0.0.1]:${port}`,
  `zenglow.local:${port}`,
]
const goodOrigins = (): (string | null)[] => [
  null,
  `http://127.0.0.1:${port}`,
  `http://localhost:${port}`,
  "https://trusted.example",
]
const badOrigins = (): string[] => [
  "null",
  "https://evil.example",
  `https://localhost:${port}`,
  `http://localhost:${port + 1}`,
  `http://localhost.evil.example:${port}`,
  "file://",
  "https://trusted.example.evil.example",
]

describe("the door", () => {
  it("refuses every foreign Host and Origin on every route of the table, and lets ours through to the key", async () => {
    let cells = 0
    for (const [key, route] of table) {
      const { method, path } = split(key)
      const answers = await Promise.all(
        [...goodHosts(), ...badHosts()].flatMap((host) =>
          [...goodOrigins(), ...badOrigins()].map(async (origin) => ({
            host,
            origin,
            answer: await rawRequest({
              port,
              method,
              path,
              agent,
              headers: { host, "x-api-key": "zg_wrong", ...(origin === null ? {} : { origin }) },
            }),
          })),
        ),
      )
      for (const { host, origin, answer } of answers) {
        cells++
        const cell = `${key} · Host ${host} · Origin ${origin}`
        if (badHosts().includes(host)) {
          expect(answer.status, cell).toBe(403)
          expect(codeOf(answer.text), cell).toBe("auth.bad-host")
        } else if (origin !== null && badOrigins().includes(origin)) {
          expect(answer.status, cell).toBe(403)
          expect(codeOf(answer.text), cell).toBe("auth.bad-origin")
        } else if (route.scope === "public") expect([401, 403], cell).not.toContain(answer.status)
        else expect(answer.status, cell).toBe(401)
        expect(answer.headers["x-request-id"], cell).toBeTruthy()
      }
    }
    expect(cells).toBeGreaterThan(table.length * 150)
  }, 120_000)

  it("refuses a request without a Host, with two, and with an absolute target", async () => {
    const send = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(text))
        let answer = ""
        socket.on("data", (chunk) => {
          answer += chunk.toString()
        })
        socket.on("end", () => resolve(answer))
        socket.on("error", reject)
      })
    const key = `X-API-Key: ${testKey}`
    expect(await send(`GET /api/settings HTTP/1.1\r\n${key}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 403 .*auth.bad-host/s,
    )
    expect(
      await send(
        `GET /api/settings HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\n${key}\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1.1 (400|403) /)
    expect(
      await send(
        `GET http://evil.example/api/settings HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${key}\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1.1 400 .*request.malformed/s)
    expect(await send("nonsense\r\n\r\n")).toMatch(/^HTTP\/1.1 400 .*request.malformed/s)
  })

  it("refuses requests that a browser marks as coming from another site, but opens the page for a link", async () => {
    const blocked = await rawRequest({ port, path: "/health", headers: { "sec-fetch-site": "cross-site" } })
    expect(blocked.status).toBe(403)
    const page = await rawRequest({
      port,
      path: "/",
      headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
    })
    expect(page.status).toBe(200)
  })

  it.runIf(process.platform === "linux")("answers to the address that was bound on purpose", async () => {
    const other = createServer(fake.deps)
    const bound = await other.listen({ host: "127.0.0.2", port: 0, isPortExplicit: true })
    const answer = await fetch(`${bound.baseUrl}/health`)
    await answer.text()
    await other.close()
    expect(answer.status).toBe(200)
  })

  it("lets pages of a trusted origin read answers, and no others", async () => {
    const trusted = { origin: "https://trusted.example" }
    const preflight = await rawRequest({
      port,
      method: "OPTIONS",
      path: "/api/settings",
      headers: { ...trusted, "access-control-request-method": "GET" },
    })
    expect(preflight.status).toBe(204)
    const answer = await rawRequest({ port, path: "/health", headers: trusted })
    expect(answer.headers["access-control-allow-origin"]).toBe("https://trusted.example")
    const own = await rawRequest({ port, path: "/health", headers: { origin: `http://localhost:${port}` } })
    expect(own.headers["access-control-allow-origin"]).toBeUndefined()
  })
})

describe("the key", () => {
  it("opens every route that is not public, and nothing else does", async () => {
    const credentials: [string, Record<string, string>, boolean][] = [
      ["none", {}, false],
      ["empty bearer", { authorization: "Bearer " }, false],
      ["wrong bearer", { authorization: "Bearer zg_wrong" }, false],
      ["prefix of the key", { authorization: `Bearer ${testKey.slice(0, -1)}` }, false],
      ["basic", { authorization: `Basic ${Buffer.from(`:${testKey}`).toString("base64")}` }, false],
      ["cookie", { cookie: `token=${testKey}` }, false],
      ["wrong X-API-Key", { "x-api-key": "wrong" }, false],
      ["bearer", { authorization: `Bearer ${testKey}` }, true],
      ["lower-case scheme", { authorization: `bearer ${testKey}` }, true],
      ["X-API-Key", { "x-api-key": testKey }, true],
    ]
    for (const [key, route] of table) {
      const { method, path } = split(key)
      for (const [name, headers, isGood] of credentials) {
        const answer = await rawRequest({ port, method, path: `${path}?key=${testKey}`, headers, agent })
        const cell = `${key} · ${name}`
        if (route.scope === "public" || isGood) expect([401, 403], cell).not.toContain(answer.status)
        else expect(answer.status, cell).toBe(401)
      }
    }
  }, 60_000)

  it("opens only the routes of its scopes", async () => {
    const created = await rawRequest({
      port,
      method: "POST",
      path: "/api/keys",
      headers: { "x-api-key": testKey, "content-type": "application/json" },
      body: JSON.stringify({ name: "reader", scopes: ["rag"] }),
    })
    expect(created.status).toBe(201)
    const { secret, key } = created.json() as unknown as { secret: string; key: { id: string } }
    for (const [routeKey, route] of table) {
      const { method, path } = split(routeKey)
      const answer = await rawRequest({ port, method, path, headers: { "x-api-key": secret }, agent })
      const isOpen = route.scope === "public" || route.scope === "rag"
      if (isOpen) expect([401, 403], routeKey).not.toContain(answer.status)
      else expect(answer.status, routeKey).toBe(403)
    }
    const revoked = await rawRequest({
      port,
      method: "DELETE",
      path: `/api/keys/${key.id}`,
      headers: { "x-api-key": testKey },
    })
    expect(revoked.status).toBe(200)
    const after = await rawRequest({ port, path: "/api/collections", headers: { "x-api-key": secret } })
    expect(after.status).toBe(401)
  })

  it("cannot be an owner's key when it is made over HTTP", async () => {
    const answer = await rawRequest({
      port,
      method: "POST",
      path: "/api/keys",
      headers: { "x-api-key": testKey, "content-type": "application/json" },
      body: JSON.stringify({ name: "me too", scopes: ["owner"] }),
    })
    expect(answer.status).toBe(422)
  })

  it("is not needed where a ticket was traded for a session, and a ticket works once", async () => {
    const ticket = server.mintTicket()
    const trade = () =>
      rawRequest({
        port,
        method: "POST",
        path: "/api/session",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ticket }),
      })
    const first = await trade()
    expect(first.status).toBe(200)
    const { token } = first.json() as unknown as { token: string }
    const settings = await rawRequest({ port, path: "/api/keys", headers: { authorization: `Bearer ${token}` } })
    expect(settings.status).toBe(200)
    const second = await trade()
    expect(second.status).toBe(401)
    expect(second.json().error.code).toBe("auth.bad-ticket")
  })
})

describe("bodies", () => {
  it("must be application/json on every route that takes one", async () => {
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    for (const [key, route] of table) {
      if (!route.body) continue
      const { method, path } = split(key)
      for (const type of types) {
        const answer = await rawRequest({
          port,
          method,
          path,
          agent,
          headers: { "x-api-key": testKey, "content-length": "2", ...(type ? { "content-type": type } : {}) },
          body: "{}",
        })
        expect(answer.status, `${key} · ${type}`).toBe(415)
      }
    }
  })
})

describe("the socket's upgrade", () => {
  const upgrade = (options: {
    path?: string
    host?: string
    origin?: string
    protocols?: string[]
    headers?: Record<string, string>
  }) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${options.path ?? "/ws"}`, options.protocols ?? [], {
        headers: { host: options.host ?? `127.0.0.1:${port}`, ...options.headers },
        ...(options.origin ? { origin: options.origin } : {}),
      })
      socket.on("open", () => {
        socket.on("close", () => resolve(101))
        socket.close()
      })
      socket.on("unexpected-response", (_request, response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      socket.on("error", reject)
    })
  const bearer = ["zenglow", `bearer.${testKey}`]

  it("passes the same door", async () => {
    for (const host of badHosts().filter(Boolean))
      expect(await upgrade({ host, protocols: bearer }), `Host ${host}`).toBe(403)
    for (const origin of badOrigins())
      expect(await upgrade({ origin, protocols: bearer }), `Origin ${origin}`).toBe(403)
    for (const origin of goodOrigins())
      expect(await upgrade({ protocols: bearer, ...(origin ? { origin } : {}) }), `Origin ${origin}`).toBe(101)
    expect(await upgrade({})).toBe(401)
    expect(await upgrade({ protocols: ["zenglow", "bearer.wrong"] })).toBe(401)
    expect(await upgrade({ path: `/ws?token=${testKey}` })).toBe(401)
    expect(await upgrade({ headers: { "x-api-key": testKey } })).toBe(101)
    expect(await upgrade({ path: "/elsewhere", protocols: bearer })).toBe(404)
  })
})

describe("rate", () => {
  it("answers 429 with Retry-After once a key's bucket is empty", async () => {
    const slow = createFakeServer({ requestsPerTenSeconds: 3, clock: { now: () => 0, monotonic: () => 0 } })
    const limited = createServer(slow.deps)
    const { port: slowPort } = await limited.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    try {
      const ask = () => rawRequest({ port: slowPort, path: "/api/settings", headers: { "x-api-key": testKey } })
      const statuses = [await ask(), await ask(), await ask()].map((answer) => answer.status)
      expect(statuses).toEqual([200, 200, 200])
      const refused = await ask()
      expect(refused.status).toBe(429)
      expect(refused.headers["retry-after"]).toBe("1")
      expect(refused.json().error.code).toBe("request.rate-limited")
    } finally {
      await limited.close()
      slow.remove()
    }
  })

  it("counts /health apart: a flood of it is refused and locks nobody else out", async () => {
    const slow = createFakeServer({
      requestsPerTenSeconds: 2,
      livenessPerTenSeconds: 4,
      clock: { now: () => 0, monotonic: () => 0 },
    })
    const limited = createServer(slow.deps)
    const { port: slowPort } = await limited.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    try {
      const ask = async (path: string) => (await rawRequest({ port: slowPort, path })).status
      const probes = []
      for (let count = 0; count < 6; count++) probes.push(await ask("/health"))
      expect(probes).toEqual([200, 200, 200, 200, 429, 429])
      expect([await ask("/ready"), await ask("/ready"), await ask("/ready")]).toEqual([200, 200, 429])
    } finally {
      await limited.close()
      slow.remove()
    }
  })
})
