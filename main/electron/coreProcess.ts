import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { join } from "node:path"
import { createInterface } from "node:readline"

export interface Core {
  baseUrl: string
  /** Whether this shell started it. A core it only attached to goes on when the shell ends. */
  isOwn: boolean
  /** A new single-use ticket for a window. */
  ticket(): Promise<string>
  /** Ends the core when this shell started it. Idempotent. */
  close(): Promise<void>
  /** Resolves with what happened when the core ends by itself. */
  ended: Promise<string>
}

export interface CoreOptions {
  dataDir: string
  /** The key from the configuration. Null: the one in the data directory. */
  apiKey: string | null
  /** The Node binary and script that run the core. */
  node: string
  script: string
  /** Waits between looks at a core of another process. Default: five seconds each. */
  interval?: () => Promise<void>
  /** Waits between looks for the address of a core that is just starting. Default: a quarter of a second each. */
  pause?: () => Promise<void>
}

/** How long a core may take to end by itself before it is killed. */
const graceMs = 8000
const lookEveryMs = 5000
/** As in `launch.mjs`: the core mostly waits, and a large space for young objects would stay resident. */
const coreFlags = ["--max-semi-space-size=4"]
/** Looks for the address of a core that holds the data directory: ten seconds of them. */
const addressLooks = 40
const addressPauseMs = 250

/**
 * Starts the core of this data directory, or attaches to the one that holds it. Only the directory's lock says which: the address
 * in `runtime.json` may be one that a killed core left behind, and whoever listens there now must not be given the key.
 */
export async function startOrAttach(options: CoreOptions): Promise<Core> {
  try {
    return await start(options)
  } catch (error) {
    if (!(error instanceof CoreError) || error.code !== "core.locked") throw error
    const pause = options.pause ?? (() => new Promise<void>((resolve) => setTimeout(resolve, addressPauseMs)))
    for (let look = 0; look < addressLooks; look++) {
      const running = await attach(options)
      if (running) return running
      await pause()
    }
    throw error
  }
}

/** What the core said instead of its address. */
class CoreError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

async function attach(options: CoreOptions): Promise<Core | null> {
  const baseUrl = readRunning(options.dataDir)
  if (!baseUrl || !(await isHealthy(baseUrl))) return null
  let isClosed = false
  return {
    baseUrl,
    isOwn: false,
    ticket: () => askTicket(baseUrl, options),
    async close() {
      isClosed = true
    },
    ended: (async () => {
      const interval = options.interval ?? unreferencedPause
      while (!isClosed && (await isListening(baseUrl))) await interval()
      if (isClosed) await new Promise(() => {})
      return "The ZenGlow it belonged to was stopped."
    })(),
  }
}

async function start(options: CoreOptions): Promise<Core> {
  // The channel carries nothing: when it closes, however this shell ends, the core ends too.
  const child = spawn(options.node, [...coreFlags, options.script, "serve", "--json", "--data-dir", options.dataDir], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    windowsHide: true,
  })
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message))
    child.once("exit", (code, signal) => resolve(`The core stopped (${signal ?? `code ${code}`}).`))
  })
  const errors = holdErrors(child)
  const baseUrl = await firstLine(child, exited).catch((error: unknown) => {
    child.kill()
    // That another core holds the directory is what attaching needs to know, and nothing to tell.
    if (!(error instanceof CoreError) || error.code !== "core.locked") errors.release()
    throw error
  })
  errors.release()
  let closing: Promise<void> | undefined
  return {
    baseUrl,
    isOwn: true,
    ticket: () => askTicket(baseUrl, options),
    ended: exited,
    close() {
      closing ??= end(child, exited)
      return closing
    },
  }
}

/** Keeps back what the core writes to stderr until it is released; from then on it goes to ours. */
function holdErrors(child: ChildProcess): { release(): void } {
  let held: Buffer[] | null = []
  child.stderr?.on("data", (chunk: Buffer) => {
    if (held) held.push(chunk)
    else process.stderr.write(chunk)
  })
  return {
    release() {
      for (const chunk of held ?? []) process.stderr.write(chunk)
      held = null
    },
  }
}

async function end(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs)
  await exited
  clearTimeout(timer)
}

/** `serve --json` prints its address as the first line; a core that cannot start prints its error instead. */
function firstLine(child: ChildProcess, exited: Promise<string>): Promise<string> {
  return new Promise((resolve, reject) => {
    void exited.then((reason) => reject(new Error(reason)))
    if (!child.stdout) return reject(new Error("The core has no output."))
    createInterface({ input: child.stdout }).once("line", (line) => {
      const { baseUrl, error } = parse(line)
      if (typeof baseUrl === "string") resolve(baseUrl)
      else reject(errorOf(error) ?? new Error("The core did not say its address."))
    })
  })
}

function errorOf(error: unknown): CoreError | null {
  if (typeof error !== "object" || error === null || !("message" in error)) return null
  const message = "remedy" in error && error.remedy ? `${error.message} ${error.remedy}` : String(error.message)
  return new CoreError("code" in error ? String(error.code) : "", message)
}

/** The address in `runtime.json`. It is the running core's own only while that core holds the lock of the directory. */
function readRunning(dataDir: string): string | null {
  try {
    const { baseUrl } = parse(readFileSync(join(dataDir, "runtime.json"), "utf8"))
    return typeof baseUrl === "string" ? baseUrl : null
  } catch {
    return null
  }
}

async function isHealthy(baseUrl: string): Promise<boolean> {
  try {
    return (await send("GET", `${baseUrl}/health`, {})).status === 200
  } catch {
    return false
  }
}

/** A core that is busy still listens; only one that is gone refuses the connection. */
async function isListening(baseUrl: string): Promise<boolean> {
  try {
    await send("GET", `${baseUrl}/health`, {})
    return true
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ECONNREFUSED")
  }
}

async function askTicket(baseUrl: string, { dataDir, apiKey }: CoreOptions): Promise<string> {
  const key = apiKey ?? readFileSync(join(dataDir, "api-key"), "utf8").trim()
  const { status, body } = await send("POST", `${baseUrl}/api/tickets`, { authorization: `Bearer ${key}` })
  const { ticket } = parse(body)
  if (typeof ticket !== "string") throw new Error(`The core refused a ticket (${status}).`)
  return ticket
}

/** A JSON object, or an empty one. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function unreferencedPause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref())
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
