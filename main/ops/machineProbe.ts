import { cpus, totalmem } from "node:os"
import { monitorEventLoopDelay } from "node:perf_hooks"
import pidusage from "pidusage"

export interface ProcessLoad {
  name: string
  pid: number
  /** Percent of one core. */
  cpuPercent: number
  rssBytes: number
}

/** What the machine is doing. Each value is the one since the last call. */
export interface MachineProbe {
  /** Percent of all cores together, 0..100. */
  cpuPercent(): number
  memory(): { usedBytes: number; totalBytes: number }
  /** Processes that have ended meanwhile are left out. */
  processes(wanted: readonly { name: string; pid: number }[]): Promise<ProcessLoad[]>
  eventLoopDelayP99Ms(): number
  close(): void
}

/** The delay monitor samples this often, and counts the wait itself as delay. */
const resolutionMs = 10

export function createMachineProbe(): MachineProbe {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  let before = cpuTimes()
  return {
    cpuPercent() {
      const now = cpuTimes()
      const total = now.total - before.total
      const idle = now.idle - before.idle
      before = now
      return total <= 0 ? 0 : clamp((100 * (total - idle)) / total)
    },
    memory() {
      const limit = process.constrainedMemory()
      const totalBytes = limit > 0 && limit < totalmem() ? limit : totalmem()
      return { totalBytes, usedBytes: Math.max(0, totalBytes - process.availableMemory()) }
    },
    async processes(wanted) {
      const loads = await Promise.all(
        wanted.map(async ({ name, pid }) => {
          // Asked one by one: one process that is gone would fail the whole list.
          const load = await pidusage(pid).catch(() => null)
          return load ? { name, pid, cpuPercent: Math.max(0, load.cpu), rssBytes: load.memory } : null
        }),
      )
      return loads.filter((load) => load !== null)
    },
    eventLoopDelayP99Ms() {
      const p99 = delay.percentile(99) / 1e6
      delay.reset()
      return Math.max(0, Math.round((p99 - resolutionMs) * 100) / 100)
    },
    close() {
      delay.disable()
      pidusage.clear()
    },
  }
}

function cpuTimes(): { total: number; idle: number } {
  let total = 0
  let idle = 0
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq
    idle += times.idle
  }
  return { total, idle }
}

const clamp = (percent: number): number => Math.min(100, Math.max(0, percent))
