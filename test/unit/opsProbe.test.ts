import { once } from "node:events"
import { createServer } from "node:net"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { createFakeLlm } from "#engines/fake/fakeLlm.ts"
import type { Llm } from "#engines/types.ts"
import { probeBackends } from "#ops/probe.ts"
import { probeTcp } from "#ops/tcpProbe.ts"

const { signal } = new AbortController()

describe("the probe of backends", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("asks all at once, tells which answer, and does not count what is not configured", async () => {
    const probed = probeBackends(
      [
        { name: "in-process", llm: async () => createFakeLlm({ modelId: "small" }) },
        { name: "ollama", llm: async () => null },
        {
          name: "server",
          llm: async () => {
            throw new AppError("engine.failed", "It refused the connection.")
          },
        },
        { name: "hanging", llm: () => new Promise<Llm>(() => {}) },
      ],
      systemClock,
      signal,
    )
    await vi.advanceTimersByTimeAsync(10_000)
    const { backends, all_failed } = await probed
    expect(backends["in-process"]).toMatchObject({ attempted: true, ok: true, model: "small", error: null })
    expect(backends.ollama).toMatchObject({ attempted: false, ok: false, error: null })
    expect(backends.server?.error).toEqual({ code: "engine.failed", message: "It refused the connection." })
    expect(backends.hanging?.error?.code).toBe("engine.stalled")
    expect(all_failed).toBe(false)
  })

  it("says that all failed only when something was attempted", async () => {
    const nothing = await probeBackends([{ name: "ollama", llm: async () => null }], systemClock, signal)
    expect(nothing.all_failed).toBe(false)
    const broken = { name: "server", llm: () => Promise.reject(new AppError("engine.failed", "No.")) }
    expect((await probeBackends([broken], systemClock, signal)).all_failed).toBe(true)
  })
})

describe("the probe of ports", () => {
  it("finds an open and a closed port of this machine", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    const port = typeof address === "object" && address ? address.port : 0
    const target = { host: "127.0.0.1", port, timeoutMs: 1000 }
    expect(await probeTcp(target, new Set(), signal)).toMatchObject({ ok: true, error: null })
    server.close()
    await once(server, "close")
    expect(await probeTcp(target, new Set(), signal)).toEqual({ ok: false, latency_ms: null, error: "ECONNREFUSED" })
  })

  it.each(["192.168.0.1", "example.com", "169.254.169.254", "0.0.0.0", "127.1", "[::1]"])(
    "does not knock at %s for anybody",
    (host) => {
      expect(() => probeTcp({ host, port: 80, timeoutMs: 100 }, new Set(["backend.lan:11434"]), signal)).toThrow(
        expect.objectContaining({ code: "request.invalid" }),
      )
    },
  )
})
