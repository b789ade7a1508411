import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const entry = fileURLToPath(new URL("../../main/cli/index.ts", import.meta.url))

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

export interface Started {
  child: ChildProcess
  /** Resolves with the first line of stdout; rejects when the process ends before it. */
  ready: Promise<string>
  ended: Promise<Finished>
}

/** One data directory of the product, without any model and without a network, driven through its command line. */
export interface CommandLine {
  dataDir: string
  run(args: readonly string[], options?: RunOptions): Promise<Finished>
  start(args: readonly string[], options?: RunOptions): Started
  /** `serve` on a free port, once it answers. */
  serve(options?: RunOptions): Promise<Started & { baseUrl: string; key: string }>
  /** Ends what still runs and removes the directory. */
  close(): Promise<void>
}

export interface RunOptions {
  env?: Record<string, string>
  uid?: number
}

export function createCommandLine(baseEnv: Record<string, string> = {}): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), "zenglow-cli-"))
  const dataDir = join(folder, "data")
  const running = new Set<Started>()

  const start = (args: readonly string[], { env = {}, uid }: RunOptions = {}): Started => {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ZENGLOW_")))
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], {
      env: {
        ...inherited,
        ZENGLOW_DATA_DIR: dataDir,
        ZENGLOW_MODELS_DIR: join(folder, "models"),
        ZENGLOW_OFFLINE: "1",
        ...baseEnv,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    let stdout = ""
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    const ended = once(child, "close").then(([code]): Finished => ({ code, stdout, stderr }))
    const ready = new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text
        const end = stdout.indexOf("\n")
        if (end >= 0) resolve(stdout.slice(0, end))
      })
      void ended.then(({ code }) => reject(new Error(`ended with ${code} before a line: ${stderr}`)))
    })
    ready.catch(() => {})
    const started = { child, ready, ended }
    running.add(started)
    void ended.then(() => running.delete(started))
    return started
  }

  return {
    dataDir,
    start,
    run: (args, options) => start(args, options).ended,
    async serve(options) {
      const started = start(["serve", "--json", "--port", "0"], options)
      const { baseUrl } = JSON.parse(await started.ready) as { baseUrl: string }
      const key = options?.env?.ZENGLOW_API_KEY ?? readFileSync(join(dataDir, "api-key"), "utf8").trim()
      return { ...started, baseUrl, key }
    },
    async close() {
      for (const { child } of running) child.kill("SIGKILL")
      await Promise.all([...running].map(({ ended }) => ended))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
