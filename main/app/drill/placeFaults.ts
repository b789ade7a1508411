import { chmod, mkdir, rm, stat, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer, type Server } from "node:net"
import { join } from "node:path"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { openLogFile } from "#core/logFile.ts"
import { silentLogger } from "#core/logger.ts"
import { openSqliteStore } from "#store/sqlite/openSqliteStore.ts"
import type { Store } from "#store/types.ts"
import { entryUrl } from "../entries.ts"
import { lockDataDir } from "../lock.ts"
import { startFindings } from "../startFindings.ts"
import type { Fault } from "./types.ts"

/** A port of this machine that something listens on. */
export async function listening(port = 0): Promise<{ port: number; close(): Promise<void> }> {
  const server: Server = createServer((socket) => socket.end())
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", resolve)
  })
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { port: (server.address() as AddressInfo).port, close }
}

const firstProblem = async (flags: Record<string, unknown>, code: string) => {
  const findings = await startFindings(flags, {})
  return (
    findings.find((finding) => finding.code === code) ?? {
      code,
      status: "ok" as const,
      message: "A core can start.",
      remedy: null,
      ms: 0,
    }
  )
}

/** Configuration, data directory, lock, port, disk and log. */
export const placeFaults: readonly Fault[] = [
  {
    name: "another program has the port",
    code: "port.free",
    expected: "error",
    async inject() {
      const other = await listening()
      return {
        deps: { port: { host: "127.0.0.1", port: other.port, isServing: false } },
        async remedy() {
          await other.close()
          return { port: { host: "127.0.0.1", port: other.port, isServing: false } }
        },
      }
    },
  },
  {
    name: "another ZenGlow holds the data directory",
    code: "lock.held",
    expected: "error",
    async inject(dataDir) {
      const other = lockDataDir(dataDir)
      return {
        examine: () => firstProblem({ dataDir }, "lock.held"),
        async remedy() {
          other.release()
          return undefined
        },
        close: () => other.release(),
      }
    },
  },
  {
    name: "nothing more fits on the disk",
    code: "database.integrity",
    expected: "error",
    async inject(directory) {
      const open = (maxSizeBytes?: number) =>
        openSqliteStore({
          file: join(directory, "zenglow.db"),
          backupDir: join(directory, "backups"),
          log: silentLogger,
          workerUrl: entryUrl("store"),
          ...(maxSizeBytes === undefined ? {} : { maxSizeBytes }),
        })
      await (await open()).close()
      // SQLite says the same as on a full disk: no page can be added.
      let store = await open((await stat(join(directory, "zenglow.db"))).size)
      await fillUp(store)
      return {
        deps: { store },
        async remedy() {
          await store.close()
          store = await open()
          return { store }
        },
        close: () => store.close(),
      }
    },
  },
  {
    name: "a file stands where the data directory should be",
    code: "data-dir.writable",
    expected: "error",
    async inject(directory) {
      const dataDir = join(directory, "data")
      await writeFile(dataDir, "")
      return {
        deps: { dataDir },
        async remedy() {
          await rm(dataDir)
          await mkdir(dataDir, { mode: 0o700 })
          return { dataDir }
        },
      }
    },
  },
  {
    name: "others can read the key",
    code: "data-dir.private",
    expected: "error",
    except: ["win32"],
    async inject(directory) {
      const key = join(directory, "api-key")
      await writeFile(key, "zg_0123456789abcdef")
      await chmod(key, 0o644)
      return {
        async remedy() {
          await chmod(key, 0o600)
          return undefined
        },
      }
    },
  },
  {
    name: "the configuration has an unknown name",
    code: "config.valid",
    expected: "error",
    inject: (dataDir) => withConfig(dataDir, { prot: 9071 }, { port: 9071 }),
  },
  {
    name: "the configuration has an impossible value",
    code: "config.valid",
    expected: "error",
    inject: (dataDir) => withConfig(dataDir, { logLevel: "loud" }, { logLevel: "info" }),
  },
  {
    name: "the configuration is no JSON",
    code: "config.valid",
    expected: "error",
    inject: (dataDir) => withConfig(dataDir, "{port: 9071", {}),
  },
  {
    name: "the log cannot be written",
    code: "log.written",
    expected: "warning",
    async inject(directory) {
      const place = join(directory, "logs")
      await writeFile(place, "")
      const open = () => openLogFile({ directory: place, maxBytes: 1e6, keep: 1, clock: systemClock })
      let file = open()
      file.write("one line\n")
      return {
        deps: { logProblem: () => file.problem() },
        async remedy() {
          await rm(place)
          file = open()
          file.write("one line\n")
          return undefined
        },
        close: () => file.close(),
      }
    },
  },
]

/** Writes until the store takes no more. */
async function fillUp(store: Store): Promise<void> {
  for (let n = 0; ; n++) {
    try {
      await store.settings.set(ownerActor, { [`drill${n}`]: "x".repeat(3000) })
    } catch (error) {
      if (error instanceof AppError && error.code === "store.full") return
      throw error
    }
  }
}

async function withConfig(dataDir: string, wrong: unknown, right: unknown) {
  const path = join(dataDir, "config.json")
  const write = (value: unknown) => writeFile(path, typeof value === "string" ? value : JSON.stringify(value))
  await write(wrong)
  return {
    examine: () => firstProblem({ dataDir }, "config.valid"),
    async remedy() {
      await write(right)
      return undefined
    },
  }
}
