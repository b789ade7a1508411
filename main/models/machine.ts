import { readdir, readFile } from "node:fs/promises"
import { cpus, totalmem } from "node:os"
import type { z } from "zod"
import type { machine } from "#contract/models.ts"
import { freeDiskBytes } from "./diskFiles.ts"

export type Machine = z.infer<typeof machine>

/** What this machine has. `path` lies on the disk that models go to. Takes a few milliseconds: nothing is started. */
export async function probeMachine(path: string): Promise<Machine> {
  const list = cpus()
  const limit = process.constrainedMemory()
  const memoryBytes = limit > 0 && limit < totalmem() ? limit : totalmem()
  return {
    cpu: list[0]?.model.trim() || process.arch,
    cores: Math.max(1, list.length),
    memoryBytes,
    freeMemoryBytes: freeMemory(memoryBytes),
    diskFreeBytes: await freeDiskBytes(path),
    gpu: await gpuName(),
    platform: `${process.platform}-${process.arch}`,
  }
}

/** macOS counts only untouched pages as free, though half of the memory is usually there for the asking. */
function freeMemory(memoryBytes: number): number {
  const available = Math.min(process.availableMemory(), memoryBytes)
  return process.platform === "darwin" ? Math.max(available, memoryBytes / 2) : available
}

/** Known without starting a program: Apple's own, and NVIDIA's driver on Linux. */
async function gpuName(): Promise<string | null> {
  if (process.platform === "darwin" && process.arch === "arm64") return "Apple GPU"
  const root = "/proc/driver/nvidia/gpus"
  const [first] = await readdir(root).catch(() => [])
  if (!first) return null
  const text = await readFile(`${root}/${first}/information`, "utf8").catch(() => "")
  return /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? null
}
