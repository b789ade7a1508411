import { execFile } from "node:child_process"
import type { MetricFrame } from "#contract/ops.ts"

export type GpuLoad = NonNullable<MetricFrame["gpus"]>[number]

export interface GpuProbe {
  /** What each GPU is doing; empty where there is none that can be asked. */
  loads(): Promise<GpuLoad[]>
}

/** Runs a program and resolves with what it wrote; rejects where it is missing or fails. */
export type RunProgram = (name: string, args: readonly string[]) => Promise<string>

const program = "nvidia-smi"
const fields = ["index", "name", "utilization.gpu", "memory.used", "memory.total", "temperature.gpu"]
const limitMs = 1500

/**
 * Asks NVIDIA's own tool, which comes with the driver on every platform. Where it is missing once, it is not looked for again: the
 * metrics then have no GPU, rather than one that does nothing.
 */
export function createGpuProbe(run: RunProgram = runProgram): GpuProbe {
  let isMissing = false
  return {
    async loads() {
      if (isMissing) return []
      try {
        const text = await run(program, [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"])
        return parseGpuLoads(text)
      } catch {
        isMissing = true
        return []
      }
    },
  }
}

/** One line per GPU; memory in MiB. What a card does not report reads `[N/A]`. */
export function parseGpuLoads(text: string): GpuLoad[] {
  return text
    .split("\n")
    .map((line) => line.split(",").map((value) => value.trim()))
    .filter((values) => values.length === fields.length)
    .map(([index, name, utilization, used, total, temperature]) => ({
      index: Number(index),
      name: name ?? "",
      utilizationPercent: numberOf(utilization),
      memoryUsedBytes: mebibytes(used),
      memoryTotalBytes: mebibytes(total),
      temperatureCelsius: numberOf(temperature),
    }))
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text)
  return text === undefined || text === "" || !Number.isFinite(value) ? null : value
}

function mebibytes(text: string | undefined): number | null {
  const value = numberOf(text)
  return value === null ? null : value * 1024 ** 2
}

const runProgram: RunProgram = (name, args) =>
  new Promise((resolve, reject) => {
    execFile(name, [...args], { timeout: limitMs, windowsHide: true }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
