import { execFile } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import path from "node:path"
import { promisify } from "node:util"
import type { Logger } from "../logger.ts"

export interface HostRecord {
  pid: number
  /** Absolute path of the child's entry file. */
  entry: string
  name: string
}

/** The children this data directory's core has running, one small file each, so that a killed core's successor can find them. */
export interface OrphanList {
  record(host: HostRecord): void
  forget(pid: number): void
  /** Ends recorded processes that are still running and provably ours; forgets the rest. Returns the pids ended. For boot, under the core's lock. */
  sweep(): Promise<number[]>
}

/** @param dir Folder of the records, made when needed. */
export function createOrphanList(dir: string, log: Logger): OrphanList {
  const fileOf = (pid: number): string => path.join(dir, `${pid}.json`)
  const forget = (pid: number): void => rmSync(fileOf(pid), { force: true })
  return {
    record(host) {
      try {
        mkdirSync(dir, { recursive: true })
        writeFileSync(fileOf(host.pid), JSON.stringify(host), { mode: 0o600 })
      } catch (error) {
        // A full or read-only disk must not keep an engine from starting.
        log.warn("a host could not be recorded", { host: host.name, error })
      }
    },
    forget,
    async sweep() {
      const ended: number[] = []
      for (const host of readRecords(dir)) {
        if (await isOurs(host)) {
          try {
            process.kill(host.pid, "SIGKILL")
            ended.push(host.pid)
            log.warn("ended an engine host left behind by an earlier run", { host: host.name, hostPid: host.pid })
          } catch {
            // It ended by itself between the check and the signal.
          }
        }
      }
      // What is left are records of processes that ended, and torn files.
      rmSync(dir, { recursive: true, force: true })
      return ended
    },
  }
}

function readRecords(dir: string): HostRecord[] {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    try {
      const record = JSON.parse(readFileSync(path.join(dir, name), "utf8")) as Partial<HostRecord>
      const { pid, entry, name: host } = record
      return Number.isInteger(pid) && pid! > 1 && typeof entry === "string" && typeof host === "string"
        ? [{ pid: pid!, entry, name: host }]
        : []
    } catch {
      return []
    }
  })
}

/** Process ids are reused: only a process whose command line names our entry and host is ours. Unknown means no. */
async function isOurs(host: HostRecord): Promise<boolean> {
  const commandLine = await readCommandLine(host.pid)
  return commandLine.includes(host.entry) && commandLine.includes(`--host=${host.name}`)
}

async function readCommandLine(pid: number): Promise<string> {
  try {
    if (process.platform === "linux") return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ")
    const run = promisify(execFile)
    if (process.platform === "win32") {
      const query = `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`
      return (await run("powershell.exe", ["-NoProfile", "-Command", query], { timeout: 5000, windowsHide: true }))
        .stdout
    }
    return (await run("ps", ["-ww", "-p", String(pid), "-o", "command="], { timeout: 5000 })).stdout
  } catch {
    return ""
  }
}
