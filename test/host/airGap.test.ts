import { createHook } from "node:async_hooks"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { bootCore, type Core } from "#app/bootCore.ts"
import { loadConfig } from "#core/config.ts"
import { isThisMachine } from "#core/egress/thisMachine.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import { silentLogger } from "#core/logger.ts"
import type { VictimContract } from "../fakes/networkVictim.ts"

const signal = new AbortController().signal

/** Every connection the operating system is really asked for in this process, and every name that is looked up. */
const asked: { address?: string; hostname?: string }[] = []
const hook = createHook({
  init(_id, type, _trigger, resource) {
    if (/^(?:TCPCONNECTWRAP|GETADDRINFOREQWRAP|QUERYWRAP|UDPSENDWRAP)$/.test(type)) asked.push(resource)
  },
})
const outside = (): string[] =>
  asked
    .map(({ address, hostname }) => address ?? hostname ?? "unknown")
    .filter((host) => !isThisMachine(host) && host !== "::ffff:127.0.0.1")

describe("a core that is offline", { timeout: 60_000 }, () => {
  let directory: string
  let core: Core
  // biome-ignore lint/suspicious/noExplicitAny: each test asserts what it reads.
  const call = async (route: string, body?: unknown): Promise<{ status: number; body: any }> => {
    const [method = "", path = ""] = route.split(" ")
    const response = await fetch(`${core.baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${core.apiKey}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
  const finished = async (jobId: string) => {
    for (;;) {
      const { body } = await call(`GET /api/jobs/${jobId}`)
      if (!["queued", "running"].includes(body.status)) return body
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "zenglow-airgap-"))
    const flags = { dataDir: join(directory, "data"), modelsDir: join(directory, "models"), port: 0, logLevel: "error" }
    core = await bootCore(loadConfig(flags, {}))
    expect((await call("PATCH /api/settings", { offline: true })).status).toBe(200)
    hook.enable()
  })
  afterEach(() => {
    asked.length = 0
  })
  afterAll(async () => {
    hook.disable()
    await core.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it("fetches no page and no model, and each refusal is in the ledger with its person", async () => {
    const { body: page } = await call("POST /api/documents/add-page", { url: "http://203.0.113.9/page" })
    await finished(page.jobId)
    const { body: documents } = await call("GET /api/documents?limit=200")
    expect(documents.items.find((item: { url?: string }) => item.url === "http://203.0.113.9/page")?.error?.code).toBe(
      "download.offline",
    )
    expect((await call("POST /api/models/bundle/pull", {})).body.error.code).toBe("download.offline")
    await call("GET /diagnostics/doctor?quick=true&only=network")

    expect(outside()).toEqual([])
    const { body: left } = await call("GET /api/egress")
    expect(left).toMatchObject({ isOffline: true, totals: { connections: 0, sentBytes: 0, receivedBytes: 0 } })
    expect(left.items).toContainEqual(
      expect.objectContaining({
        reason: "web-page",
        host: "203.0.113.9",
        outcome: "refused",
        detail: "offline",
        personId: "owner",
      }),
    )
  })

  it("refuses what a library in it fetches by itself, and tells", async () => {
    await expect(fetch("http://198.51.100.4/telemetry")).rejects.toMatchObject({ cause: { code: "EBLOCKED" } })
    await expect(fetch("https://telemetry.example/")).rejects.toMatchObject({ cause: { code: "EBLOCKED" } })
    expect(outside()).toEqual([])
    const { body: left } = await call("GET /api/egress?outcome=refused")
    expect(left.items.map(({ host }: { host: string }) => host)).toEqual(
      expect.arrayContaining(["198.51.100.4", "telemetry.example"]),
    )
  })

  it("lets out again what is asked for once the switch is off, and writes it down first", async () => {
    expect((await call("PATCH /api/settings", { offline: false })).status).toBe(200)
    // Reserved for documentation: nobody is there, and the private-address rule refuses it after it was written down.
    const { body: page } = await call("POST /api/documents/add-page", { url: "http://198.51.100.9/page" })
    await finished(page.jobId)
    const { body: left } = await call("GET /api/egress")
    expect(left.isOffline).toBe(false)
    expect(left.items[0]).toMatchObject({ host: "198.51.100.9", outcome: "failed", personId: "owner" })
    expect(readFileSync(join(directory, "data", "egress.jsonl"), "utf8")).toContain('"host":"198.51.100.9"')
    await call("PATCH /api/settings", { offline: true })
  })
})

describe("a child", { timeout: 30_000 }, () => {
  it("reaches nobody by any door, whatever the setting says", async () => {
    const entry = new URL("../fakes/networkVictim.ts", import.meta.url)
    const client = createHostClient<VictimContract>({
      name: "victim",
      adapter: createForkAdapter({ entry }),
      log: silentLogger,
    })
    for (const host of ["127.0.0.1", "203.0.113.9", "telemetry.example"]) {
      const tried = await client.request("reachOut", { host, port: 8099 }, { signal })
      expect(Object.values(tried), JSON.stringify(tried)).toEqual(Object.keys(tried).map(() => "EBLOCKED"))
      expect(Object.keys(tried)).toHaveLength(7)
    }
    await client.stop()
  })
})
