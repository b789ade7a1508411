import { Writable } from "node:stream"
import { afterEach, describe, expect, it } from "vitest"
import { createHostClient, type HostClientOptions } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { createInlineAdapter } from "#core/host/inlineAdapter.ts"
import type { EngineClient, HostAdapter, HostCall, HostStatus } from "#core/host/types.ts"
import { createHiddenValues, createLogger, type Logger, requestContext, silentLogger } from "#core/logger.ts"
import { type ConformanceContract, createConformanceHandlers } from "./conformanceHandlers.ts"

const adapters: Record<string, () => HostAdapter> = {
  fork: () => createForkAdapter({ entry: new URL("./conformanceEntry.ts", import.meta.url) }),
  inline: () => createInlineAdapter((host) => createConformanceHandlers(() => host.exit("crashed"))),
}

describe.each(Object.entries(adapters))("a host over the %s adapter", (_name, makeAdapter) => {
  const clients: EngineClient<ConformanceContract>[] = []
  const makeClient = (options: Partial<HostClientOptions> = {}) => {
    const client = createHostClient<ConformanceContract>({
      name: "test",
      adapter: makeAdapter(),
      log: silentLogger,
      ...options,
    })
    clients.push(client)
    return client
  }
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()))
  })
  const signal = new AbortController().signal

  /** A request whose first event can be awaited. */
  const started = (
    client: EngineClient<ConformanceContract>,
    method: "waitForCancel" | "hang" | "crash",
    signal: AbortSignal,
  ) => {
    let onStart = (): void => {}
    const start = new Promise<void>((resolve) => {
      onStart = resolve
    })
    const result = client.request(method, null, { signal, onEvent: () => onStart() })
    result.catch(() => {})
    return { start, result }
  }

  it("logs for the request that asked, not for the one that started it, and hides secrets on the way", async () => {
    const lines: Record<string, unknown>[] = []
    const written: string[] = []
    const hidden = createHiddenValues()
    hidden.add("canary-of-the-core")
    const destination = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk))
        done()
      },
    })
    const log = createLogger({ level: "debug", json: true, destination, tap: (line) => lines.push(line), hidden })
    const client = makeClient({ log })
    const say = (requestId: string, text: string) =>
      requestContext.run({ requestId, turnId: `turn of ${requestId}` }, () =>
        client.request("logLine", text, { signal }),
      )
    await say("request-1", "Bearer canary-of-a-page and canary-of-the-core")
    await say("request-2", "second")
    await client.request("logLine", "nobody's", { signal })
    const warned = lines.filter(({ level }) => level === "warn")
    expect(warned.map(({ requestId, turnId }) => [requestId, turnId])).toEqual([
      ["request-1", "turn of request-1"],
      ["request-2", "turn of request-2"],
      [undefined, undefined],
    ])
    expect(warned[0]?.msg).toBe("Bearer [hidden] and [hidden]")
    expect(written.join("")).not.toContain("canary")
  })

  it("reports what a turn asked of it, with what the child measured itself", async () => {
    const calls: HostCall[] = []
    const client = makeClient({ onCall: (call) => calls.push(call) })
    await client.request("echo", 1, { signal })
    await requestContext.run({ turnId: "turn-1" }, async () => {
      await client.request("echo", 2, { signal })
      await client.request("failWithCode", null, { signal }).catch(() => {})
      const controller = new AbortController()
      const { start, result } = started(client, "waitForCancel", controller.signal)
      await start
      controller.abort()
      await result.catch(() => {})
    })
    expect(calls.map(({ turnId, host, method, outcome }) => [turnId, host, method, outcome])).toEqual([
      ["turn-1", "test", "echo", "ok"],
      ["turn-1", "test", "failWithCode", "model.corrupt"],
      ["turn-1", "test", "waitForCancel", "aborted"],
    ])
    expect(calls[0]?.ran?.durationMs).toBeGreaterThanOrEqual(0)
    expect(calls[0]?.endedAt).toBeGreaterThanOrEqual(calls[0]?.askedAt ?? Number.POSITIVE_INFINITY)
    expect(calls[2]?.ran).toBeNull()
  })

  it("answers a request and starts only when first asked", async () => {
    const client = makeClient()
    expect(client.status()).toMatchObject({ state: "stopped", queued: 0 })
    const input = { text: "ä", when: new Date(5), list: new Map([[1, new Set([2])]]) }
    await expect(client.request("echo", input, { signal })).resolves.toEqual(input)
    expect(client.status()).toMatchObject({ state: "running", queued: 0, crashes: 0 })
  })

  it("delivers every event in order before the answer", async () => {
    const client = makeClient()
    const events: number[] = []
    const answer = await client.request("count", { to: 500 }, { signal, onEvent: (value) => events.push(value) })
    expect(answer).toBe("counted")
    expect(events).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
  })

  it("copies a large Float32Array both ways unchanged", async () => {
    const client = makeClient()
    const samples = new Float32Array(2_000_000).fill(0.5)
    const { sum, copy } = await client.request("sum", { samples: samples.subarray(1) }, { signal })
    expect(sum).toBe(999_999.5)
    expect(copy).toBeInstanceOf(Float32Array)
    expect(copy.length).toBe(1_999_999)
  })

  it("carries an AppError's code, remedy and details, and keeps the words of unknown errors inside", async () => {
    const client = makeClient()
    await expect(client.request("failWithCode", null, { signal })).rejects.toMatchObject({
      code: "model.corrupt",
      message: "The file is damaged.",
      remedy: "Fetch it again.",
      details: { at: 4 },
    })
    const unknown = await client.request("failUnknown", null, { signal }).catch((error: unknown) => error)
    expect(unknown).toMatchObject({ code: "engine.failed" })
    expect(String((unknown as Error).message)).not.toContain("secret")
  })

  it("forwards log lines with the host's name", async () => {
    const lines: unknown[] = []
    const logger = (base: Record<string, unknown>): Logger => ({
      ...silentLogger,
      warn: (message, fields) => lines.push({ message, ...base, ...fields }),
      child: (fields) => logger({ ...base, ...fields }),
    })
    const client = makeClient({ log: logger({}) })
    await client.request("logLine", "odd thing", { signal })
    expect(lines).toEqual([
      { message: "odd thing", host: "test", part: "inner", error: expect.stringContaining("Error: inside") },
    ])
  })

  it("rejects with the caller's reason on abort and frees the slot when the handler listens", async () => {
    const client = makeClient()
    const controller = new AbortController()
    const { start, result } = started(client, "waitForCancel", controller.signal)
    await start
    const { pid } = client.status()
    controller.abort(new Error("no longer wanted"))
    await expect(result).rejects.toThrow("no longer wanted")
    await expect(client.request("echo", 1, { signal })).resolves.toBe(1)
    expect(client.status()).toMatchObject({ pid, crashes: 0 })
  })

  it("ends a host whose cancelled request does not stop, without calling it a crash, and starts anew", async () => {
    const client = makeClient({ graceMs: 20 })
    const controller = new AbortController()
    const { start, result } = started(client, "hang", controller.signal)
    await start
    controller.abort(new Error("enough"))
    await expect(result).rejects.toThrow("enough")
    await expect(client.request("echo", 2, { signal })).resolves.toBe(2)
    expect(client.status().crashes).toBe(0)
  })

  it("drops a waiting request that is aborted before its turn, and refuses one already aborted", async () => {
    const client = makeClient()
    const blocker = new AbortController()
    const { start, result } = started(client, "waitForCancel", blocker.signal)
    await start
    const controller = new AbortController()
    const second = client.request("echo", "second", { signal: controller.signal })
    const third = client.request("echo", "third", { signal })
    expect(client.status().queued).toBe(3)
    controller.abort(new Error("gone"))
    await expect(second).rejects.toThrow("gone")
    blocker.abort(new Error("done"))
    await expect(result).rejects.toThrow("done")
    await expect(third).resolves.toBe("third")
    await expect(client.request("echo", 1, { signal: AbortSignal.abort(new Error("late")) })).rejects.toThrow("late")
  })

  it("answers waiting requests in the order they came", async () => {
    const client = makeClient()
    const order: number[] = []
    await Promise.all(
      [1, 2, 3, 4, 5].map((value) => client.request("echo", value, { signal }).then(() => order.push(value))),
    )
    expect(order).toEqual([1, 2, 3, 4, 5])
  })

  it("runs as many at once as it is allowed", async () => {
    const client = makeClient({ concurrency: 2 })
    const blocker = new AbortController()
    const { start, result } = started(client, "waitForCancel", blocker.signal)
    await start
    await expect(client.request("echo", "beside", { signal })).resolves.toBe("beside")
    blocker.abort(new Error("done"))
    await expect(result).rejects.toThrow("done")
  })

  it("refuses requests beyond the queue limit with engine.busy", async () => {
    const client = makeClient({ maxQueued: 1 })
    const blocker = new AbortController()
    const { start, result } = started(client, "waitForCancel", blocker.signal)
    await start
    const waiting = client.request("echo", "waits", { signal })
    await expect(client.request("echo", "too many", { signal })).rejects.toMatchObject({ code: "engine.busy" })
    blocker.abort(new Error("done"))
    await expect(result).rejects.toThrow("done")
    await expect(waiting).resolves.toBe("waits")
  })

  it("fails the running request when the host crashes, keeps the waiting one, and never replays", async () => {
    const client = makeClient()
    const states: HostStatus["state"][] = []
    client.onStatus((status) => states.push(status.state))
    let starts = 0
    const crashed = client.request("crash", null, { signal, onEvent: () => starts++ })
    const waiting = client.request("echo", "after", { signal })
    await expect(crashed).rejects.toMatchObject({ code: "engine.crashed" })
    await expect(waiting).resolves.toBe("after")
    expect(starts).toBe(1)
    expect(client.status()).toMatchObject({ state: "running", crashes: 1, lastFailure: expect.any(String) })
    expect(states).toEqual(["starting", "running", "stopped", "starting", "running"])
  })

  it("ends a host that makes no progress and says engine.stalled", async () => {
    const client = makeClient({ stallMs: 3000 })
    await client.request("echo", "warm", { signal })
    await expect(client.request("hang", null, { signal })).rejects.toMatchObject({ code: "engine.stalled" })
    expect(client.status()).toMatchObject({ crashes: 1, lastFailure: expect.stringContaining("no progress") })
  })

  it("opens the breaker after three crashes, then lets one start through, which closes it again", async () => {
    let now = 0
    const client = makeClient({ clock: { now: () => now, monotonic: () => now } })
    for (let round = 0; round < 3; round++)
      await expect(client.request("crash", null, { signal })).rejects.toMatchObject({ code: "engine.crashed" })
    expect(client.status()).toMatchObject({ state: "broken", crashes: 3, lastFailure: expect.any(String) })
    await expect(client.request("echo", 1, { signal })).rejects.toMatchObject({
      code: "engine.stopped",
      remedy: expect.stringContaining("smaller model"),
    })
    now += 60_000
    await expect(client.request("crash", null, { signal })).rejects.toMatchObject({ code: "engine.crashed" })
    expect(client.status().state).toBe("broken")
    now += 60_000
    await expect(client.request("echo", 2, { signal })).resolves.toBe(2)
    await expect(client.request("crash", null, { signal })).rejects.toMatchObject({ code: "engine.crashed" })
    expect(client.status().state).toBe("stopped")
  })

  it("forgives crashes older than the window", async () => {
    let now = 0
    const client = makeClient({ clock: { now: () => now, monotonic: () => now } })
    for (let round = 0; round < 4; round++) {
      await expect(client.request("crash", null, { signal })).rejects.toMatchObject({ code: "engine.crashed" })
      now += 200_000
    }
    expect(client.status().state).toBe("stopped")
  })

  it("stops on request, failing what runs and waits with engine.stopped, and starts again when asked", async () => {
    const client = makeClient()
    const { start, result } = started(client, "waitForCancel", signal)
    await start
    const waiting = client.request("echo", 1, { signal })
    waiting.catch(() => {})
    await client.stop()
    // The handler ended by itself when told: its own answer arrives, else engine.stopped.
    await expect(result.catch((error: { code: string }) => error.code)).resolves.toMatch(/cancelled|engine\.stopped/)
    await expect(waiting).rejects.toMatchObject({ code: "engine.stopped" })
    expect(client.status()).toMatchObject({ state: "stopped", pid: null, queued: 0, crashes: 0 })
    await expect(client.request("echo", "again", { signal })).resolves.toBe("again")
  })
})
