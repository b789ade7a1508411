import parsePrometheus from "parse-prometheus-text-format"
import { expect, it, vi } from "vitest"
import { metricFrame } from "#contract/ops.ts"
import type { TurnEvent, TurnEventBody } from "#contract/turns.ts"
import type { Clock } from "#core/clock.ts"
import type { HostStatus } from "#core/host/types.ts"
import { silentLogger } from "#core/logger.ts"
import type { MachineProbe } from "#ops/machineProbe.ts"
import { createMetrics, type MetricsDeps } from "#ops/metrics.ts"
import { mostLabelValues } from "#ops/prometheus.ts"
import { createStageTimes } from "#ops/stageTimes.ts"

/** A family as parse-prometheus-text-format gives it. */
interface ParsedFamily {
  name: string
  help: string
  type: string
  metrics: { value?: string; labels?: Record<string, string> }[]
}

/** None, on any machine. */
const noGpu = { loads: async () => [] }
const host: HostStatus = { name: "llm", state: "running", pid: 42, lastFailure: null, crashes: 2, queued: 3 }

function start(overrides: Partial<MetricsDeps> = {}) {
  const time = { now: 0 }
  const clock: Clock = { now: () => time.now, monotonic: () => time.now }
  const asked = { processes: 0 }
  const probe: MachineProbe = {
    cpuPercent: () => 25,
    memory: () => ({ usedBytes: 1000, totalBytes: 4000 }),
    async processes(wanted) {
      asked.processes++
      return wanted.map(({ name, pid }) => ({ name, pid, cpuPercent: 50, rssBytes: 123 }))
    },
    eventLoopDelayP99Ms: () => 4,
    close() {},
  }
  const metrics = createMetrics({
    clock,
    log: silentLogger,
    version: "1.2.3",
    hosts: () => [host],
    models: async () => [{ role: "llm", id: 'small "q4"', load: "loaded", pid: 42 }],
    memory: () => ({ budgetBytes: 3000, engineBytes: 2000 }),
    queues: () => ({ jobs: 1 }),
    probe,
    gpu: noGpu,
    ...overrides,
  })
  return { metrics, time, asked }
}

/** A turn as the hub carries it: each event with the time it happened at. */
function playTurn(onEvent: (event: TurnEvent) => void, turnId: string, events: [number, TurnEventBody][]) {
  for (const [seq, [at, body]] of events.entries()) onEvent({ ...body, turnId, seq, at })
}

const delta: TurnEventBody = { type: "text-delta", text: "word" }
const answered = (generateMs: number): [number, TurnEventBody][] => [
  [
    0,
    {
      type: "turn-start",
      conversationId: "c",
      userMessageId: "u",
      messageId: "m",
      kind: "text",
      text: "?",
      model: "small",
    },
  ],
  [10, { type: "retrieve-start", query: "?" }],
  [40, { type: "retrieve-end", passages: [], found: true, closest: [], embedMs: 20, searchMs: 10 }],
  [100, delta],
  [200, delta],
  [
    100 + generateMs,
    {
      type: "text-end",
      model: "small",
      text: "",
      spans: [],
      usage: { promptTokens: 50, cachedTokens: 20, completionTokens: 11 },
      contextTokens: 0,
      contextLimit: 0,
      found: true,
    },
  ],
  [
    110 + generateMs,
    {
      type: "turn-end",
      reason: "complete",
      timings: [
        { name: "embed", startMs: 10, endMs: 30 },
        { name: "generate", startMs: 100, endMs: 100 + generateMs },
      ],
    },
  ],
]

it("folds turns into counts, stage times and writing speed", async () => {
  const { metrics } = start()
  for (let n = 1; n <= 20; n++) playTurn(metrics.onTurnEvent, `t${n}`, answered(n * 100))
  const frame = metricFrame.parse(await metrics.frame())
  expect(frame.stages.generate).toEqual({ count: 20, p50Ms: 1000, p95Ms: 1900, p99Ms: 2000 })
  expect(frame.stages.embed).toMatchObject({ count: 20, p50Ms: 20 })
  expect(frame.stages.turn).toMatchObject({ count: 20, p99Ms: 2110 })
  expect(frame.tokensPerSecond).toBe(5)
  expect(frame.counters).toMatchObject({
    turns: 20,
    "turns.text": 20,
    "turns.complete": 20,
    "retrievals.found": 20,
    "tokens.prompt": 1000,
    "tokens.cached": 400,
    "tokens.completion": 220,
    "crashes.llm": 2,
  })
  expect(frame.queues).toEqual({ turns: 0, llm: 3, jobs: 1 })
  expect(frame.processes).toEqual([
    { name: "core", pid: process.pid, cpuPercent: 50, rssBytes: 123 },
    { name: "llm", pid: 42, cpuPercent: 50, rssBytes: 123 },
  ])
  metrics.close()
})

it("shows the speed of an answer while it is being written", async () => {
  const { metrics } = start()
  const events = answered(0).slice(0, 3)
  for (let n = 0; n <= 10; n++) events.push([100 + n * 50, delta])
  playTurn(metrics.onTurnEvent, "t", events)
  const frame = await metrics.frame()
  expect(frame.tokensPerSecond).toBe(20)
  expect(frame.queues.turns).toBe(1)
  metrics.close()
})

it("counts failures by code, and knows no speed of an extracted answer", async () => {
  const { metrics } = start()
  const [first] = answered(1)
  playTurn(metrics.onTurnEvent, "t", [
    first as [number, TurnEventBody],
    [5, { type: "error", error: { code: "engine.crashed", message: "" } }],
    [6, { type: "turn-end", reason: "error", timings: [] }],
  ])
  const frame = await metrics.frame()
  expect(frame.counters).toMatchObject({ "turns.error": 1, "errors.engine.crashed": 1 })
  expect(frame.tokensPerSecond).toBeNull()
  metrics.close()
})

it("measures at most once a second however often it is asked", async () => {
  const { metrics, time, asked } = start()
  const first = await metrics.frame()
  time.now = 999
  expect(await metrics.frame()).toBe(first)
  time.now = 1000
  expect(await metrics.frame()).not.toBe(first)
  expect(asked.processes).toBe(2)
  metrics.close()
})

it("does not keep a measurement that failed", async () => {
  let isBroken = true
  const { metrics } = start({
    models: async () => {
      if (isBroken) throw new Error("not yet")
      return []
    },
  })
  await expect(metrics.frame()).rejects.toThrow("not yet")
  isBroken = false
  expect((await metrics.frame()).models).toEqual([])
  metrics.close()
})

it("sends frames at the interval asked for until the subscription ends", async () => {
  vi.useFakeTimers()
  try {
    const { metrics } = start()
    const frames: unknown[] = []
    const end = metrics.onFrame(500, (frame) => frames.push(frame))
    await vi.advanceTimersByTimeAsync(1600)
    expect(frames).toHaveLength(3)
    end()
    await vi.advanceTimersByTimeAsync(5000)
    expect(frames).toHaveLength(3)
    metrics.close()
  } finally {
    vi.useRealTimers()
  }
})

it("keeps percentiles over the last durations and counts over all", () => {
  const times = createStageTimes(10)
  for (let n = 0; n < 100; n++) times.add("embed", n)
  expect(times.summary().embed).toEqual({ count: 100, p50Ms: 94, p95Ms: 99, p99Ms: 99 })
})

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** Reads the exposition format strictly: every sample belongs to a family that HELP and TYPE came before. */
function parseExposition(text: string): { samples: Sample[]; types: Map<string, string> } {
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples: Sample[] = []
  for (const line of text.split("\n")) {
    if (line === "") continue
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    if (help) {
      helped.add(help[1] ?? "")
      continue
    }
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/.exec(line)
    if (type) {
      expect(helped, line).toContain(type[1])
      types.set(type[1] ?? "", type[2] ?? "")
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[-+.\deE]+)$/.exec(line)
    expect(sample, line).not.toBeNull()
    const [, name = "", body = "", value] = sample ?? []
    const labels: Record<string, string> = {}
    const rest = body.replaceAll(/([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)",?/g, (_, key: string, text: string) => {
      labels[key] = text
      return ""
    })
    expect(rest, line).toBe("")
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "")
    expect([...types.keys()], line).toContain(family)
    samples.push({ name, labels, value: Number(value) })
  }
  return { samples, types }
}

it("is read by a Prometheus parser of others the way we mean it, with every family helped and typed", async () => {
  const gpu = {
    index: 0,
    name: "Card",
    utilizationPercent: 40,
    memoryUsedBytes: 1e9,
    memoryTotalBytes: 8e9,
    temperatureCelsius: null,
  }
  const { metrics } = start({ gpu: { loads: async () => [gpu] } })
  playTurn(metrics.onTurnEvent, "t", answered(1000))
  metrics.onRequest({ route: 'GET /odd"route\\n', status: 200, durationMs: 2 })
  const families = parsePrometheus(await metrics.prometheus()) as ParsedFamily[]
  const family = (name: string) => families.find((one) => one.name === name)
  expect(family("zenglow_turns_total")).toMatchObject({
    type: "COUNTER",
    metrics: [{ value: "1", labels: { kind: "text", reason: "complete" } }],
  })
  expect(family("zenglow_turn_stage_duration_seconds")).toMatchObject({ type: "HISTOGRAM" })
  expect(family("zenglow_host_crashes_total")).toMatchObject({ type: "COUNTER", metrics: [{ value: "2" }] })
  expect(family("zenglow_gpu_utilization_ratio")?.metrics[0]?.value).toBe("0.4")
  // What a card does not report is left out, not zero.
  expect(family("zenglow_gpu_temperature_celsius")?.metrics ?? []).toEqual([])
  for (const { name, help, type } of families) {
    expect(help, name).toMatch(/\S/)
    expect(["COUNTER", "GAUGE", "HISTOGRAM", "SUMMARY"], name).toContain(type)
  }
  metrics.close()
})

it("stays as small under ten thousand odd routes, models and processes as it is under two hundred", async () => {
  const odd = Array.from({ length: 10_000 }, (_, n) => `odd-${n}-${"x".repeat(n % 50)}`)
  const { metrics } = start({
    models: async () => odd.map((id) => ({ role: "llm", id, load: "loaded" as const, pid: 1 })),
    queues: () => Object.fromEntries(odd.map((name) => [name, 1])),
    hosts: () => odd.map((name) => ({ ...host, name, pid: null })),
  })
  for (const route of odd) metrics.onRequest({ route, status: 200, durationMs: 1 })
  const { samples } = parseExposition(await metrics.prometheus())
  const byName = Map.groupBy(samples, ({ name }) => name)
  for (const [name, list] of byName) {
    const series = new Set(list.map(({ labels: { le: _le, ...labels } }) => JSON.stringify(labels)))
    expect(series.size, name).toBeLessThanOrEqual(mostLabelValues + 1)
  }
  expect(samples.length).toBeLessThan(6000)
  metrics.close()
})

it("writes Prometheus text that a strict reader takes, in base units and with bounded labels", async () => {
  const { metrics } = start()
  playTurn(metrics.onTurnEvent, "t", answered(1000))
  for (let n = 0; n < 1000; n++) metrics.onRequest({ route: `GET /made-up-${n}`, status: 200, durationMs: 2 })
  metrics.onRequest({ route: "GET /made-up-0", status: 503, durationMs: 2 })
  const { samples, types } = parseExposition(await metrics.prometheus())
  const value = (name: string, labels: Record<string, string> = {}) =>
    samples.find(
      (sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )?.value
  expect(value("zenglow_turns_total", { kind: "text", reason: "complete" })).toBe(1)
  expect(value("zenglow_tokens_total", { kind: "completion" })).toBe(11)
  expect(value("zenglow_turn_stage_duration_seconds_sum", { stage: "generate" })).toBe(1)
  expect(value("zenglow_turn_stage_duration_seconds_bucket", { stage: "generate", le: "0.5" })).toBe(0)
  expect(value("zenglow_turn_stage_duration_seconds_bucket", { stage: "generate", le: "+Inf" })).toBe(1)
  expect(value("zenglow_machine_cpu_ratio")).toBe(0.25)
  expect(value("zenglow_event_loop_delay_p99_seconds")).toBe(0.004)
  expect(value("zenglow_host_up", { host: "llm" })).toBe(1)
  expect(value("zenglow_http_requests_total", { route: "GET /made-up-0", status: "5xx" })).toBe(1)
  expect(value("zenglow_build_info", { version: "1.2.3" })).toBe(1)
  expect(samples.some(({ labels }) => labels.model === 'small \\"q4\\"')).toBe(true)
  const routes = new Set(samples.flatMap(({ labels }) => labels.route ?? []))
  expect(routes.size).toBeLessThanOrEqual(201)
  expect(routes).toContain("other")
  for (const [name, type] of types) {
    if (!name.startsWith("zenglow_")) continue
    expect(name.endsWith("_total"), name).toBe(type === "counter")
    expect(name, "base units").not.toMatch(/_(ms|milliseconds|percent|kb|mb)$/)
  }
  metrics.close()
})
