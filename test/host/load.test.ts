import { connect, type Socket } from "node:net"
import autocannon from "autocannon"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createCommandLine } from "../fakes/commandLine.ts"

/** Seconds of each measured run: short in every test run, longer by `npm run load`. */
const seconds = Number(process.env.ZENGLOW_LOAD_SECONDS ?? (process.env.ZENGLOW_TEST_FULL ? 10 : 1))
const isLong = seconds >= 5
const connections = 64

const cli = createCommandLine({ ZENGLOW_LOG_LEVEL: "error" })
let core: Awaited<ReturnType<typeof cli.serve>>
let port: number
let headers: Record<string, string>
beforeAll(async () => {
  core = await cli.serve()
  port = Number(new URL(core.baseUrl).port)
  headers = { authorization: `Bearer ${core.key}` }
}, 60_000)
afterAll(() => cli.close())

const say = (line: string): void => void process.stdout.write(`load: ${line}\n`)
const isAlive = async (): Promise<void> => {
  expect((await fetch(`${core.baseUrl}/health`)).status).toBe(200)
  expect(core.child.exitCode).toBeNull()
}
/** A client process's worth of load from here; the core is another process. */
const run = (path: string, options: Partial<autocannon.Options> = {}): Promise<autocannon.Result> =>
  autocannon({ url: `${core.baseUrl}${path}`, connections, duration: seconds, ...options })
const tell = (name: string, result: autocannon.Result): void =>
  say(
    `${name}: ${Math.round(result.requests.average)} req/s at ${result.connections} connections, p50 ${result.latency.p50} ms, p99 ${result.latency.p99} ms, ${result["2xx"]} answered, ${result.non2xx} refused, ${result.errors} broken`,
  )

/** Answered, or told to wait (429): nothing failed, nothing was cut. */
function expectOnlyWaits(result: autocannon.Result): void {
  expect([result["5xx"], result.errors, result.timeouts]).toEqual([0, 0, 0])
  const codes = Object.keys(result.statusCodeStats ?? {})
  expect(codes.filter((code) => code !== "200" && code !== "429")).toEqual([])
  expect(result["2xx"]).toBeGreaterThan(0)
}

/** Connections that were opened and say so much. */
const open = (count: number, bytes: string): Promise<Socket[]> =>
  Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(port, "127.0.0.1", () => {
            if (bytes !== "") socket.write(bytes)
            resolve(socket)
          })
          socket.on("error", () => resolve(socket))
        }),
    ),
  )
const closedOf = (sockets: Socket[]): number => sockets.filter((socket) => socket.destroyed || socket.closed).length
const half = (): string => `POST /api/memory HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`

describe("under load from another process", { timeout: 60_000 + seconds * 20_000 }, () => {
  it("every request of many connections is answered, none with an error", async () => {
    // Probes as many as the machine can take: only a flood beyond /health's own limit is told to wait.
    const health = await run("/health", isLong ? {} : { amount: 1000 })
    tell("/health", health)
    if (isLong) say(`/health: ${Math.round(health["2xx"] / health.duration)} answered a second, aim 3000`)
    expectOnlyWaits(health)
    expect(health["2xx"]).toBeGreaterThanOrEqual(1000)
    const list = await run("/api/conversations", { headers, connections: 16, amount: 300 })
    tell("/api/conversations", list)
    expect([list["2xx"], list.non2xx, list.errors, list.timeouts]).toEqual([300, 0, 0, 0])
    await isAlive()
  })

  it("a flood with one key is told to wait, and others are still served", async () => {
    const [flood, others] = await Promise.all([
      run("/api/conversations", { headers, amount: isLong ? 12_000 : 7000 }),
      run("/health", { connections: 4, amount: 200 }),
    ])
    tell("flood", flood)
    tell("others meanwhile", others)
    expectOnlyWaits(flood)
    expectOnlyWaits(others)
    // A machine that needs ten seconds for them stays below the limit.
    if (isLong && flood.duration < 5) expect(flood.non2xx).toBeGreaterThan(0)
    await isAlive()
  })

  it("clients that send slowly or never read hold nobody up, and are shown the door", async () => {
    const sockets = [
      ...(await open(100, "GET /health HTTP/1.1\r\nHo")),
      ...(await open(100, `${half()}Authorization: Bearer ${core.key}\r\nContent-Length: 1000\r\n\r\n{"te`)),
      ...(await open(50, `GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)),
    ]
    for (const socket of sockets) socket.pause()
    const health = await run("/health", { connections: 16, amount: isLong ? 3000 : 300 })
    tell("beside 250 slow clients", health)
    expectOnlyWaits(health)
    if (isLong) {
      for (const socket of sockets) socket.resume()
      const startedAt = performance.now()
      const slow = sockets.slice(0, 100)
      while (closedOf(slow) < slow.length && performance.now() - startedAt < 60_000)
        await new Promise((resolve) => setTimeout(resolve, 200))
      say(
        `slow headers: ${closedOf(slow)} of ${slow.length} closed after ${Math.round((performance.now() - startedAt) / 1000)} s`,
      )
      expect(closedOf(slow)).toBe(slow.length)
    }
    for (const socket of sockets) socket.destroy()
    await isAlive()
  })

  it("connections beyond the limit are closed, and the core serves on when they are gone", async () => {
    const sockets = await open(1100, "")
    await expect.poll(() => closedOf(sockets), { timeout: 10_000 }).toBeGreaterThanOrEqual(1100 - 1024)
    say(`connections: ${1100 - closedOf(sockets)} of 1100 kept`)
    for (const socket of sockets) socket.destroy()
    await expect
      .poll(
        () =>
          isAlive().then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true)
  })
})
