import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { join } from "node:path"
import { createInterface } from "node:readline"

export interface Core {
  baseUrl: string
  /** A new single-use ticket for a window. */
  ticket(): Promise<string>
  /** Ends the core when this shell started it; a core it only attached to goes on. */
  close(): Promise<void>
  /** Resolves when a core of our own ends by itself. */
  ended: Promise<number | null>
}

export interface CoreOptions {
  dataDir: string
  /** The Node binary and script that run the core. */
  node: string
  script: string
}

/** How long a core may take to end by itself before it is killed. */
const graceMs = 8000

/** Attaches to the running core of this data directory, else starts one. */
export async function startOrAttach(options: CoreOptions): Promise<Core> {
  const running = readRunning(options.dataDir)
  if (running && (await answers(running))) {
    return {
      baseUrl: running,
      ticket: () => askTicket(running, options.dataDir),
      close: async () => {},
      ended: new Promise(() => {}),
    }
  }
  return await startCore(options)
}

async function startCore({ dataDir, node, script }: CoreOptions): Promise<Core> {
  const child = spawn(node, [script, "serve", "--json", "--data-dir", dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
  const baseUrl = await firstLine(child, ended)
  return {
    baseUrl,
    ticket: () => askTicket(baseUrl, dataDir),
    ended,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill("SIGTERM")
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** `serve --json` prints its address as the first line. */
function firstLine(child: ChildProcess, ended: Promise<number | null>): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    void ended.then((code) => reject(new Error(`The core ended with code ${code ?? "none"} before it was ready.`)))
    if (!child.stdout) return reject(new Error("The core has no output."))
    createInterface({ input: child.stdout }).once("line", (line) => {
      try {
        resolve((JSON.parse(line) as { baseUrl: string }).baseUrl)
      } catch {
        reject(new Error("The core did not say its address."))
      }
    })
  })
}

function readRunning(dataDir: string): string | null {
  const file = join(dataDir, "runtime.json")
  if (!existsSync(file)) return null
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { baseUrl: string }).baseUrl
  } catch {
    return null
  }
}

async function answers(baseUrl: string): Promise<boolean> {
  try {
    return (await send("GET", `${baseUrl}/health`, {})).status === 200
  } catch {
    return false
  }
}

async function askTicket(baseUrl: string, dataDir: string): Promise<string> {
  const key = readFileSync(join(dataDir, "api-key"), "utf8").trim()
  const { status, body } = await send("POST", `${baseUrl}/api/tickets`, { authorization: `Bearer ${key}` })
  if (status !== 201) throw new Error(`The core refused a ticket (${status}).`)
  return (JSON.parse(body) as { ticket: string }).ticket
}

/** Plain node:http: the oldest Electron we run under has no fetch in its main process. */
function send(method: string, url: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, timeout: 5000 }, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => {
        body += chunk
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on("timeout", () => request.destroy(new Error("timeout")))
    request.on("error", reject)
    request.end()
  })
}
