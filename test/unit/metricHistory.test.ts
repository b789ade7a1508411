import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import type { MetricFrame } from "#contract/ops.ts"
import { silentLogger } from "#core/logger.ts"
import { createGpuProbe, parseGpuLoads } from "#ops/gpuProbe.ts"
import { openMetricHistory } from "#ops/metricHistory.ts"
import { emptyFrame } from "../fakes/fakeServerDeps.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zenglow-history-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const frame = (at: number): MetricFrame => ({ ...emptyFrame, at })
const open = (capacity = 10) =>
  openMetricHistory({ file: join(directory, "metrics", "history.jsonl"), capacity, log: silentLogger })
const times = (frames: MetricFrame[]) => frames.map(({ at }) => at)

it("is there again after a restart, without the line that a power cut tore", async () => {
  const before = await open()
  for (let at = 1; at <= 3; at++) await before.add(frame(at))
  appendFileSync(join(directory, "metrics", "history.jsonl"), '{"at":4,"cpuPer')
  expect(times((await open()).list({ points: 10 }))).toEqual([1, 2, 3])
})

it("keeps the newest, and its file never grows beyond them by half", async () => {
  const history = await open()
  for (let at = 1; at <= 100; at++) await history.add(frame(at))
  expect(times(history.list({ points: 100 }))).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100])
  const lines = readFileSync(join(directory, "metrics", "history.jsonl"), "utf8")
    .trim()
    .split("\n")
  expect(lines.length).toBeLessThanOrEqual(15)
  expect(times((await open()).list({ points: 100 })).at(-1)).toBe(100)
})

it("thins evenly to as many points as asked, the newest always among them", async () => {
  const history = await open()
  for (let at = 1; at <= 10; at++) await history.add(frame(at))
  expect(times(history.list({ points: 4 }))).toEqual([1, 4, 7, 10])
  expect(times(history.list({ points: 5, sinceMs: 5, untilMs: 8 }))).toEqual([5, 6, 7, 8])
})

it("reads what NVIDIA's tool says, and leaves out what a card does not report", () => {
  const text = "0, NVIDIA GeForce RTX 4070, 37, 2048, 12282, 61\n1, Tesla T4, [N/A], 0, 15360, [N/A]\n"
  expect(parseGpuLoads(text)).toEqual([
    {
      index: 0,
      name: "NVIDIA GeForce RTX 4070",
      utilizationPercent: 37,
      memoryUsedBytes: 2048 * 1024 ** 2,
      memoryTotalBytes: 12282 * 1024 ** 2,
      temperatureCelsius: 61,
    },
    {
      index: 1,
      name: "Tesla T4",
      utilizationPercent: null,
      memoryUsedBytes: 0,
      memoryTotalBytes: 15360 * 1024 ** 2,
      temperatureCelsius: null,
    },
  ])
})

it("looks once for a GPU that is not there", async () => {
  let asked = 0
  const probe = createGpuProbe(async () => {
    asked++
    throw new Error("ENOENT")
  })
  expect(await probe.loads()).toEqual([])
  expect(await probe.loads()).toEqual([])
  expect(asked).toBe(1)
})
