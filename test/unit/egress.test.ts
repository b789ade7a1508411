import dns from "node:dns"
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, request, type Server } from "node:http"
import net, { type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createEgressService } from "#app/egressService.ts"
import { systemClock } from "#core/clock.ts"
import { actingPerson } from "#core/egress/actingPerson.ts"
import { createEgress, type Egress } from "#core/egress/createEgress.ts"
import { openEgressLedger } from "#core/egress/egressLedger.ts"
import { guardSockets } from "#core/egress/socketGuard.ts"
import { silentLogger } from "#core/logger.ts"

/** A server of this machine that goes by the name of one outside. */
const outside = "outside.test"
let directory: string
let server: Server
let port: number
let requests: string[]
let isOffline: boolean
let egress: Egress
const realLookup = dns.lookup

const file = () => join(directory, "egress.jsonl")
const open = () =>
  createEgress({
    ledger: openEgressLedger(file()),
    isOffline: () => isOffline,
    proxy: null,
    clock: systemClock,
    log: silentLogger,
  })
const lines = () => readFileSync(file(), "utf8").trim().split("\n")

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "zenglow-egress-"))
  requests = []
  isOffline = false
  server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`)
    if (incoming.url === "/redirect") response.writeHead(302, { location: `http://elsewhere.test:${port}/` }).end()
    else response.end("twelve bytes")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  port = (server.address() as AddressInfo).port
  dns.lookup = ((host: string, options: dns.LookupOptions, callback: (...args: unknown[]) => void) => {
    if (!host.endsWith(".test")) return realLookup(host, options, callback as never)
    if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }])
    else callback(null, "127.0.0.1", 4)
  }) as typeof dns.lookup
  egress = open()
})
afterEach(async () => {
  egress.close()
  dns.lookup = realLookup
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(directory, { recursive: true, force: true })
})

const home = { allowsPrivate: () => true }
const errorOf = (emitter: NodeJS.EventEmitter): Promise<NodeJS.ErrnoException> =>
  new Promise((resolve, reject) => {
    emitter.once("error", resolve)
    for (const good of ["connect", "response", "open"]) emitter.once(good, () => reject(new Error("it connected")))
  })

describe("the way out", () => {
  it("writes down why, where to, for whom and how much, before and after", async () => {
    const response = await actingPerson.run("person-1", () =>
      egress.fetch("web-page", home)(`http://${outside}:${port}/a`, { method: "POST", body: "four" }),
    )
    expect(JSON.parse(lines().at(-1) ?? "")).toMatchObject({ outcome: "open", receivedBytes: 0 })
    expect(await response.text()).toBe("twelve bytes")
    expect(egress.entries()).toMatchObject([
      {
        reason: "web-page",
        host: outside,
        port,
        personId: "person-1",
        sentBytes: 4,
        receivedBytes: 12,
        outcome: "done",
      },
    ])
    expect(egress.entries()[0]?.endedAt).not.toBeNull()
  })

  it("opens nothing while offline, and tells that somebody wanted to", async () => {
    isOffline = true
    const attempt = egress.fetch("model-download", home)
    await expect(attempt(`http://${outside}:${port}/`)).rejects.toMatchObject({ code: "download.offline" })
    await expect(attempt(`http://${outside}:${port}/`)).rejects.toMatchObject({ code: "download.offline" })
    expect(requests).toEqual([])
    expect(egress.entries()).toMatchObject([{ outcome: "refused", detail: "offline", host: outside }])
  })

  it("still speaks to this machine while offline, and writes nothing down", async () => {
    isOffline = true
    const response = await egress.fetch("voice-server")(`http://127.0.0.1:${port}/`)
    expect(await response.text()).toBe("twelve bytes")
    expect(egress.entries()).toEqual([])
  })

  it("connects to nothing that it cannot write down", async () => {
    rmSync(file(), { force: true })
    mkdirSync(file())
    await expect(egress.fetch("web-page", home)(`http://${outside}:${port}/`)).rejects.toMatchObject({
      code: "egress.unrecorded",
    })
    expect(requests).toEqual([])
  })

  it("does not follow redirects: where they lead is another connection", async () => {
    const response = await egress.fetch("web-page", home)(`http://${outside}:${port}/redirect`)
    expect(response.status).toBe(302)
    await response.body?.cancel()
    expect(requests).toEqual(["GET /redirect"])
    expect(egress.entries()[0]?.outcome).toBe("done")
  })

  it("refuses a name that leads into a private network by the time of the connection", async () => {
    await expect(egress.fetch("model-download")(`http://${outside}:${port}/`)).rejects.toThrow()
    expect(requests).toEqual([])
    expect(egress.entries()).toMatchObject([{ outcome: "failed" }])
  })
})

describe("sockets that did not ask", () => {
  it.each<[string, (host: string) => Promise<unknown>]>([
    ["net", (host) => errorOf(net.connect(port, host))],
    ["net with a lookup of its own", (host) => errorOf(net.connect({ port, host, lookup: dns.lookup }))],
    ["http", (host) => errorOf(request(`http://${host}:${port}/`).end())],
    [
      "fetch",
      (host) =>
        fetch(`http://${host}:${port}/`).then(
          () => Promise.reject(new Error("it connected")),
          (error: Error) => error.cause,
        ),
    ],
    ["WebSocket", (host) => errorOfSocket(new WebSocket(`ws://${host}:${port}/`))],
  ])("%s is refused and written down", async (_name, attempt) => {
    const error = await attempt(outside)
    if (error instanceof Error) expect(error).toMatchObject({ code: "EBLOCKED" })
    expect(requests).toEqual([])
    expect(egress.entries()).toMatchObject([{ outcome: "refused", detail: "nobody asked for it", host: outside }])
  })

  it("numbers are no way around", async () => {
    for (const host of ["203.0.113.7", "192.168.77.1", "::ffff:cb00:7107"])
      expect(await errorOf(net.connect(9, host))).toMatchObject({ code: "EBLOCKED" })
  })

  it("a permit ends with its connection", async () => {
    const guard = guardSockets({ proxy: null, onRefused() {} })
    const leave = guard.permit({ host: outside, port, allowsPrivate: true })
    await (await fetch(`http://${outside}:${port}/`, { headers: { connection: "close" } })).text()
    leave()
    expect(await errorOf(net.connect(port, outside))).toMatchObject({ code: "EBLOCKED" })
    guard.close()
  })

  it("a proxy is spoken to only for a connection that was allowed", async () => {
    egress.close()
    const guard = guardSockets({ proxy: `proxy.test:${port}`, onRefused() {} })
    expect(await errorOf(net.connect(port, "proxy.test"))).toMatchObject({ code: "EBLOCKED" })
    const leave = guard.permit({ host: "hub.example", port: 443, allowsPrivate: false })
    const socket = net.connect(port, "proxy.test")
    await new Promise((resolve) => socket.once("connect", resolve))
    socket.destroy()
    leave()
    guard.close()
  })
})

describe("the ledger", () => {
  it("survives a restart: what was under way is interrupted, a torn line is left out", async () => {
    egress.open({ reason: "web-page", host: "a.example", port: 443 })
    egress.open({ reason: "model-download", host: "pypi (pip)", port: null }).end("done")
    appendFileSync(file(), '{"id":"torn')
    const again = openEgressLedger(file()).entries()
    expect(again.map(({ host, outcome }) => [host, outcome])).toEqual([
      ["pypi (pip)", "done"],
      ["a.example", "interrupted"],
    ])
    expect(again[0]).toMatchObject({ sentBytes: null, receivedBytes: null })
  })

  it("keeps the newest, on disk too", () => {
    const ledger = openEgressLedger(file(), 3)
    const entry = { ...template, outcome: "done" as const }
    for (let n = 0; n < 40; n++) ledger.write({ ...entry, id: `entry-${String(n).padStart(2, "0")}` })
    expect(ledger.entries().map(({ id }) => id)).toEqual(["entry-39", "entry-38", "entry-37"])
    expect(lines().length).toBeLessThan(16)
    expect(openEgressLedger(file(), 3).entries().length).toBeGreaterThanOrEqual(3)
  })

  it("is read page by page, filtered, with totals of all that match", () => {
    const items = Array.from({ length: 5 }, (_, n) => ({
      ...template,
      id: `entry-${5 - n}`,
      outcome: n === 0 ? ("refused" as const) : ("done" as const),
      receivedBytes: 10,
    }))
    const service = createEgressService({ entries: () => items, isOffline: () => false })
    const first = service.list({ limit: 2 })
    expect(first).toMatchObject({ totals: { connections: 4, refused: 1, receivedBytes: 40 }, next: "entry-4" })
    expect(service.list({ limit: 5, cursor: first.next ?? "" }).items.map(({ id }) => id)).toEqual([
      "entry-3",
      "entry-2",
      "entry-1",
    ])
    expect(service.list({ limit: 5, outcome: "refused" }).items).toHaveLength(1)
    expect(service.list({ limit: 5, reason: "voice-server" }).items).toEqual([])
  })
})

const template = {
  at: 1,
  endedAt: 2,
  reason: "web-page" as const,
  host: "a.example",
  port: 443,
  personId: null,
  sentBytes: 0,
  receivedBytes: 0,
  detail: null,
}

const errorOfSocket = (socket: WebSocket): Promise<string> =>
  new Promise((resolve, reject) => {
    socket.onerror = () => resolve("refused")
    socket.onopen = () => reject(new Error("it connected"))
  })
