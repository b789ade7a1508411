import { Agent } from "node:http"
import { connect } from "node:net"
import { homedir } from "node:os"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openAiRoutes } from "#contract/openai.ts"
import type { Route } from "#contract/route.ts"
import { routes } from "#contract/routes.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { type RawAnswer, rawRequest } from "../fakes/rawRequest.ts"
import { schemaArbitrary } from "../fakes/schemaArbitrary.ts"

/** Requests of each sort per route: a few in every test run, 200 by `npm run fuzz`. */
const runs = Number(process.env.ZENGLOW_FUZZ_RUNS ?? (process.env.ZENGLOW_TEST_FULL ? 200 : 50))
const answered = new Map<number, number>()
let fake: FakeServer
let server: CoreServer
let port: number
const agent = new Agent({ keepAlive: true })

beforeAll(async () => {
  fake = createFakeServer({ requestsPerTenSeconds: 1_000_000 })
  server = createServer(fake.deps)
  port = (await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })).port
})
afterAll(async () => {
  agent.destroy()
  await server.close()
  fake.remove()
  const counts = [...answered].sort(([left], [right]) => left - right).map(([status, count]) => `${status} ${count}`)
  const sum = [...answered.values()].reduce((total, count) => total + count, 0)
  process.stdout.write(
    `fuzz: ${sum} requests over ${table.length} routes, seed ${fc.readConfigureGlobal().seed}; ${counts.join(", ")}; no 5xx but 503, no leak, same process\n`,
  )
})

/** What every answer to anything at all must keep. */
function checkAnswer(answer: RawAnswer, about: string): void {
  answered.set(answer.status, (answered.get(answer.status) ?? 0) + 1)
  if (answer.status >= 500) expect(answer.status, `${about}\n${answer.text}`).toBe(503)
  expect(answer.headers["x-request-id"], about).toBeTruthy()
  if (answer.status >= 400) expect(answer.json().error.message, about).toBeTypeOf("string")
  // The data directory is named by the settings; no error names it.
  const hidden = answer.status >= 400 ? [fake.directory, homedir(), "node_modules", ".ts:"] : []
  for (const leak of [...hidden, "/secret/"])
    expect(answer.text.includes(leak), `${about} leaks ${leak}\n${answer.text}`).toBe(false)
}

const encode = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch {
    return "%ED%A0%80"
  }
}
const segment = fc.oneof(
  fc.constantFrom("c1", "d1", "j1", "fake-chat", "..", "%00", "%2e%2e%2f", "%E0%A4%A", "x".repeat(500), "__proto__"),
  fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).map(encode),
)
const table: [string, Route][] = Object.entries({ ...routes, ...openAiRoutes })

describe(`every route, ${runs} bodies that nearly fit and ${runs} that are noise`, () => {
  it.each(table)("%s", async (key, route) => {
    const [method = "", pattern = ""] = key.split(" ")
    const path = fc
      .tuple(segment, fc.option(route.query ? schemaArbitrary(route.query) : fc.constant({}), { nil: {} }))
      .map(([id, query]) => {
        const pairs = Object.entries(query && typeof query === "object" ? query : {})
        const search = pairs.map(([name, value]) => `${encode(name)}=${encode(String(JSON.stringify(value) ?? ""))}`)
        return `${pattern.replace(/[:*]\w+/g, () => id)}${search.length > 0 ? `?${search.join("&")}` : ""}`
      })
    const shaped = (route.body ? schemaArbitrary(route.body) : fc.constant({})).map((value) => JSON.stringify(value))
    const form = route.multipart
      ? schemaArbitrary(route.multipart.fields).map((value) => multipart(value))
      : fc.constant(null)
    await fc.assert(
      fc.asyncProperty(path, shaped, form, async (target, body, parts) => {
        const answer = await rawRequest({
          port,
          method,
          path: target,
          agent,
          headers: {
            "x-api-key": testKey,
            "content-type": parts === null ? "application/json" : "multipart/form-data; boundary=xyz",
          },
          body: parts ?? (method === "GET" ? undefined : body),
        })
        checkAnswer(answer, `${method} ${target} ${body}`)
      }),
      { numRuns: runs },
    )
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(
          "application/json",
          "multipart/form-data; boundary=xyz",
          "text/plain",
          "application/json; charset=x",
        ),
        async (target, bytes, type) => {
          const body = method === "GET" ? undefined : Buffer.from(bytes)
          const headers = { "x-api-key": testKey, "content-type": type }
          checkAnswer(
            await rawRequest({ port, method, path: target, agent, headers, body }),
            `${method} ${target} ${type}`,
          )
        },
      ),
      { numRuns: runs },
    )
  })

  it("and noise on the bare connection leave the core answering", async () => {
    const line = fc.constantFrom(
      "GET / HTTP/1.1\r\n",
      "POST /api/turns HTTP/1.1\r\n",
      "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
      `Host: 127.0.0.1:${port}\r\n`,
      "Content-Length: 5\r\n",
      "Content-Length: -1\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n",
      "\r\n",
      "0\r\n\r\n",
    )
    const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("latin1"))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(line, noise), { minLength: 1, maxLength: 8 }), async (parts) => {
        const answer = await exchange(parts.join(""))
        for (const status of answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)) expect(Number(status[1])).not.toBe(500)
        expect(answer).not.toContain(".ts:")
      }),
      { numRuns: 200 },
    )
    expect((await rawRequest({ port, path: "/health" })).status).toBe(200)
  })
})

/** Sends bytes, ends the sending side, and gives back all that came. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(text, "latin1"))
    let answer = ""
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1")
    })
    socket.on("error", () => resolve(answer))
    socket.on("close", () => resolve(answer))
  })
}

function multipart(fields: unknown): string {
  const pairs = Object.entries(fields && typeof fields === "object" ? fields : {})
  const parts = pairs.map(
    ([name, value]) =>
      `--xyz\r\nContent-Disposition: form-data; name="${encode(name)}"\r\n\r\n${typeof value === "string" ? value : JSON.stringify(value)}\r\n`,
  )
  const file = '--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n'
  return `${parts.join("")}${file}--xyz--\r\n`
}
