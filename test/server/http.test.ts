import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { createServer as createNetServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { allRoutes, openApiDocument, renderApiDocs } from "#server/docs.ts"
import { type CoreServer, createServer } from "#server/http.ts"
import { createFakeServer, type FakeServer, testKey } from "../fakes/fakeServerDeps.ts"
import { rawRequest } from "../fakes/rawRequest.ts"

let fake: FakeServer
let server: CoreServer
let port: number
let baseUrl: string

beforeAll(async () => {
  fake = createFakeServer()
  const rendererDir = join(fake.directory, "renderer")
  mkdirSync(join(rendererDir, "assets"), { recursive: true })
  writeFileSync(join(rendererDir, "index.html"), "<!doctype html><title>ZenGlow</title>")
  writeFileSync(join(rendererDir, "assets", "index-abc.js"), "export {}")
  writeFileSync(join(rendererDir, ".hidden"), "no")
  server = createServer({ ...fake.deps, rendererDir })
  ;({ port, baseUrl } = await server.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true }))
})
afterAll(async () => {
  await server.close()
  fake.remove()
})

const key = { authorization: `Bearer ${testKey}` }
const json = { ...key, "content-type": "application/json" }
const post = (path: string, body: unknown) =>
  rawRequest({
    port,
    method: "POST",
    path,
    headers: json,
    body: typeof body === "string" ? body : JSON.stringify(body),
  })

describe("input", () => {
  it("with an unknown field is refused with its place", async () => {
    const answer = await post("/api/collections", { name: "x", colour: "red" })
    expect(answer.status).toBe(422)
    expect(answer.json().error).toMatchObject({ code: "request.invalid", requestId: answer.headers["x-request-id"] })
    expect(answer.text).toContain("colour")
  })

  it("that is not JSON is 400, an oversized one 413, an unsupported encoding 415", async () => {
    expect((await post("/api/collections", "{ name: ")).json().error.code).toBe("request.malformed")
    expect((await post("/api/collections", `"${"x".repeat(2 * 1024 * 1024)}"`)).status).toBe(413)
    const zipped = await rawRequest({
      port,
      method: "POST",
      path: "/api/collections",
      headers: { ...json, "content-encoding": "gzip" },
      body: "x",
    })
    expect(zipped.status).toBe(415)
    expect((await post("/api/collections", `${"[".repeat(5000)}${"]".repeat(5000)}`)).status).toBe(422)
  })

  it("in the query is parsed by the schema", async () => {
    expect((await rawRequest({ port, path: "/api/conversations?limit=many", headers: key })).status).toBe(422)
    expect((await rawRequest({ port, path: "/api/conversations?limit=5", headers: key })).status).toBe(200)
  })
})

describe("unknown addresses", () => {
  it("and methods get typed JSON, never a page, a stack or a path", async () => {
    const unknown = await rawRequest({ port, path: "/api/nothing", headers: { ...key, accept: "text/html" } })
    expect(unknown.status).toBe(404)
    expect(unknown.json().error.code).toBe("request.not-found")
    const method = await rawRequest({ port, method: "PUT", path: "/api/collections", headers: key })
    expect(method.status).toBe(405)
    expect(method.headers.allow).toBe("GET, POST")
    expect(method.json().error.code).toBe("request.method-not-allowed")
    const encoded = await rawRequest({ port, path: "/api/conversations/%E0%A4%A", headers: key })
    expect(encoded.json().error.code).toBe("request.malformed")
    const trace = await rawRequest({ port, method: "TRACE", path: "/api/collections", headers: key })
    expect(trace.status).toBe(405)
  })
})

describe("answers", () => {
  it("keep a plain request id of the client and replace any other", async () => {
    const kept = await rawRequest({ port, path: "/health", headers: { "x-request-id": "abcd-1234" } })
    expect(kept.headers["x-request-id"]).toBe("abcd-1234")
    const replaced = await rawRequest({ port, path: "/health", headers: { "x-request-id": "<script>" } })
    expect(replaced.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("never carry what the store keeps for itself", async () => {
    const list = await rawRequest({ port, path: "/api/documents", headers: key })
    expect(list.status).toBe(200)
    expect(list.text).not.toContain("secret")
    const one = await rawRequest({ port, path: "/api/documents/d1", headers: key })
    expect(one.text).not.toMatch(/secret|contentHash/)
  })

  it("that do not fit their schema become `internal` without their content", async () => {
    const broken = createFakeServer()
    broken.deps.settings.all = async () => ({ items: [], dataDir: 7 as unknown as string })
    const other = createServer(broken.deps)
    const bound = await other.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    const answer = await rawRequest({ port: bound.port, path: "/api/settings", headers: key })
    expect(answer.status).toBe(500)
    expect(answer.json().error.code).toBe("internal")
    await other.close()
    broken.remove()
  })

  it("hide the words of unknown errors", async () => {
    const broken = createFakeServer()
    broken.deps.settings.all = async () => {
      throw new Error("ENOENT /home/someone/private")
    }
    const other = createServer(broken.deps)
    const bound = await other.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    const answer = await rawRequest({ port: bound.port, path: "/api/settings", headers: key })
    expect(answer.status).toBe(500)
    expect(answer.text).not.toMatch(/someone|ENOENT|\.ts/)
    await other.close()
    broken.remove()
  })

  it("offer a conversation as a file", async () => {
    const made = await post("/api/conversations", { title: "Filter: how/often?" })
    const { id } = made.json() as unknown as { id: string }
    const file = await rawRequest({ port, path: `/api/conversations/${id}/export?format=md`, headers: key })
    expect(file.headers["content-type"]).toBe("text/markdown; charset=utf-8")
    expect(file.headers["content-disposition"]).toContain("Filter%20howoften.md")
    expect(file.text).toContain("# Filter")
  })

  it("say 503 with the reasons while the core is not ready", async () => {
    const starting = createFakeServer()
    starting.deps.ops.ready = async () => ({ ready: false, reasons: ["The store is opening."] })
    const other = createServer(starting.deps)
    const bound = await other.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    const answer = await rawRequest({ port: bound.port, path: "/ready" })
    expect(answer.status).toBe(503)
    expect(answer.text).toContain("The store is opening.")
    await other.close()
    starting.remove()
  })
})

describe("uploads", () => {
  const form = (files: [string, string][], fields: Record<string, string> = {}): FormData => {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.append(name, value)
    for (const [name, text] of files) data.append("file", new Blob([text]), name)
    return data
  }
  const upload = (data: FormData): Promise<Response> =>
    fetch(`${baseUrl}/api/documents/upload`, { method: "POST", headers: key, body: data })

  it("arrive with their paths below the dropped folder, and leave no temporary file", async () => {
    const answer = await upload(
      form(
        [
          ["a.txt", "first"],
          ["b.txt", "second"],
        ],
        { paths: JSON.stringify(["folder/a.txt", "folder/deep/b.txt"]) },
      ),
    )
    expect(answer.status).toBe(202)
    expect(fake.uploads.splice(0)).toEqual([
      { relativePath: "folder/a.txt", text: "first" },
      { relativePath: "folder/deep/b.txt", text: "second" },
    ])
    expect(readdirSync(fake.deps.temporaryDir)).toEqual([])
  })

  it("cannot leave the folder", async () => {
    for (const path of ["../a.txt", "/../a.txt", "..\\a.txt", "C:\\a.txt", "", "a/../../b"]) {
      const answer = await upload(form([["a.txt", "x"]], { paths: JSON.stringify([path]) }))
      expect(answer.status, path).toBe(422)
    }
    expect(fake.uploads).toEqual([])
    const named = await upload(form([["../../etc/passwd", "x"]]))
    expect(named.status).toBe(202)
    expect(fake.uploads.splice(0)).toEqual([{ relativePath: "passwd", text: "x" }])
  })

  it("keep the name the person gave, quotation marks and all", async () => {
    for (const name of ['a "b".txt', "100%25.txt", "Größe 5%.txt"]) {
      expect((await upload(form([[name, "x"]]))).status).toBe(202)
      expect(fake.uploads.splice(0)).toEqual([{ relativePath: name, text: "x" }])
    }
  })

  it("that are cut off are refused and leave nothing", async () => {
    const answer = await rawRequest({
      port,
      method: "POST",
      path: "/api/documents/upload",
      headers: { ...key, "content-type": "multipart/form-data; boundary=x" },
      body: '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf',
    })
    expect(answer.status).toBe(400)
    expect(readdirSync(fake.deps.temporaryDir)).toEqual([])
  })
})

describe("event streams", () => {
  const read = async (response: Response): Promise<string> => await response.text()

  it("replay a turn with ids, and resume after Last-Event-ID", async () => {
    const turn = fake.addTurn("t1")
    turn.emit({ type: "text-delta", text: "one" })
    turn.emit({ type: "text-delta", text: "two" })
    turn.emit({ type: "turn-end", reason: "complete", timings: [] })
    const whole = await read(await fetch(`${baseUrl}/api/turns/t1/events`, { headers: key }))
    expect(whole.match(/^id: \d+$/gm)).toEqual(["id: 0", "id: 1", "id: 2"])
    expect(whole).toMatch(/event: turn-end\ndata: .*\n\nevent: done\ndata: {}\n\n$/)
    const rest = await read(
      await fetch(`${baseUrl}/api/turns/t1/events`, { headers: { ...key, "last-event-id": "1" } }),
    )
    expect(rest.match(/^id: \d+$/gm)).toEqual(["id: 2"])
  })

  it("carry events as they happen and end the subscription when the client goes", async () => {
    const turn = fake.addTurn("t2")
    const abort = new AbortController()
    const response = await fetch(`${baseUrl}/api/turns/t2/events`, { headers: key, signal: abort.signal })
    const reader = response.body?.getReader()
    turn.emit({ type: "text-delta", text: "live" })
    const { value } = (await reader?.read()) ?? {}
    expect(new TextDecoder().decode(value)).toContain("live")
    const ended = turn.unwatched()
    abort.abort()
    await ended
  })

  it("of an unknown turn are a plain 404", async () => {
    const answer = await rawRequest({ port, path: "/api/turns/none/events", headers: key })
    expect(answer.status).toBe(404)
    expect(answer.json().error.code).toBe("turn.not-found")
  })

  it("of a job end with the job", async () => {
    fake.setJob({ id: "j7", status: "running", done: 1 })
    const response = await fetch(`${baseUrl}/api/jobs/j7/events`, { headers: key })
    const reader = response.body?.getReader()
    const first = new TextDecoder().decode((await reader?.read())?.value)
    expect(first).toContain('"done":1')
    fake.setJob({ id: "j7", status: "done", done: 4 })
    let rest = ""
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done) break
      rest += new TextDecoder().decode(value)
    }
    expect(rest).toContain('"status":"done"')
    expect(rest).toContain("event: done")
  })
})

describe("the window's files", () => {
  it("are served with a policy, and its pages fall back to index.html", async () => {
    const page = await rawRequest({ port, path: "/", headers: { accept: "text/html" } })
    expect(page.text).toContain("<title>ZenGlow")
    expect(page.headers["content-security-policy"]).toContain("script-src 'self';")
    const deep = await rawRequest({ port, path: "/chat/some-id", headers: { accept: "text/html" } })
    expect(deep.text).toContain("<title>ZenGlow")
    const asset = await rawRequest({ port, path: "/assets/index-abc.js" })
    expect(asset.headers["cache-control"]).toContain("immutable")
  })

  it("never reach outside their folder", async () => {
    for (const path of ["/.hidden", "/../http.test.ts", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cx", "/assets/%00"]) {
      const answer = await rawRequest({ port, path })
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
      expect(answer.status, path).toBeLessThan(500)
      expect(answer.json().error.code, path).toMatch(/^request\./)
    }
  })
})

describe("documentation", () => {
  it("is served without a key and names every route", async () => {
    const openApi = await rawRequest({ port, path: "/openapi.json" })
    const { paths } = openApi.json() as unknown as { paths: Record<string, Record<string, unknown>> }
    const operations = Object.values(paths).flatMap((item) => Object.keys(item)).length
    expect(operations).toBe(Object.keys(allRoutes).length)
    const page = await rawRequest({ port, path: "/docs" })
    expect(page.text).toContain("POST /api/turns")
    expect(page.text).not.toContain("<script")
    expect(openApiDocument(allRoutes, "1").openapi).toBe("3.1.0")
    const forModels = await rawRequest({ port, path: "/llms.txt" })
    expect(forModels.text).toMatch(/^# ZenGlow\n\n> /)
    for (const key of Object.keys(allRoutes)) expect(forModels.text).toContain(`\`${key}\``)
  })

  it("in docs/api.md is what the table says", async () => {
    await expect(renderApiDocs(allRoutes)).toMatchFileSnapshot("../../docs/api.md")
  })
})

describe("ports", () => {
  it("that are explicit and busy are an error that says who holds them", async () => {
    const holder = createFakeServer()
    const second = createServer(holder.deps)
    await expect(second.listen({ host: "127.0.0.1", port, isPortExplicit: true })).rejects.toMatchObject({
      code: "core.port-taken",
      message: expect.stringContaining("another ZenGlow"),
    })
    const next = await second.listen({ host: "127.0.0.1", port, isPortExplicit: false })
    expect(next.port).not.toBe(port)
    await second.close()
    holder.remove()
    const stranger = createNetServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve))
    const taken = (stranger.address() as { port: number }).port
    const third = createServer(fake.deps)
    await expect(third.listen({ host: "127.0.0.1", port: taken, isPortExplicit: true })).rejects.toMatchObject({
      message: expect.stringContaining("another program"),
    })
    await new Promise((resolve) => stranger.close(resolve))
  })
})

describe("stopping", () => {
  it("tells open streams and closes them", async () => {
    const stopping = createFakeServer()
    const other = createServer(stopping.deps)
    const bound = await other.listen({ host: "127.0.0.1", port: 0, isPortExplicit: true })
    stopping.addTurn("t1")
    const response = await fetch(`${bound.baseUrl}/api/turns/t1/events`, { headers: key })
    const text = response.text()
    await other.close()
    expect(await text).toContain("core.stopping")
    await expect(fetch(`${bound.baseUrl}/health`)).rejects.toThrow()
    stopping.remove()
  })
})
