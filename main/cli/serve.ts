import { bootCore, type Core } from "#app/bootCore.ts"
import { fetchElectron } from "#app/fetchElectron.ts"
import { openWindow } from "#app/openWindow.ts"
import type { Environment } from "#app/windowPrograms.ts"
import type { AppConfig } from "#core/config.ts"
import { findRunning } from "./connect.ts"
import { exitCode, note } from "./output.ts"

/** `serve`: the core and its API until a signal comes. */
export async function serve(config: AppConfig, options: { json: boolean }, signal: AbortSignal): Promise<number> {
  let core = await bootCore(config)
  try {
    if (options.json)
      process.stdout.write(`${JSON.stringify({ baseUrl: core.baseUrl, pid: process.pid, dataDir: config.dataDir })}\n`)
    else announce(core.baseUrl, config)
    const end = AbortSignal.any([signal, parentGone()])
    while (await restartComes(core, end)) core = await core.startAnew()
  } finally {
    await core.close()
    if (process.connected) process.disconnect()
  }
  return exitCode.done
}

/** True: the core is to be started anew. False: it is to end. */
const restartComes = (core: Core, end: AbortSignal): Promise<boolean> =>
  Promise.race([ended(end).then(() => false), core.restartWanted.then(() => true)])

/** Aborts when the program that started this one with a channel (the desktop shell) closes it or dies. */
function parentGone(): AbortSignal {
  const gone = new AbortController()
  process.once("disconnect", () => gone.abort())
  return gone.signal
}

export interface StartOptions {
  window: boolean
  env: Environment
}

/** No verb: the core with a window. A core that already runs gets a window of its own and this command ends. */
export async function start(config: AppConfig, options: StartOptions, signal: AbortSignal): Promise<number> {
  const found = await findRunning(config)
  if (found) {
    note(`ZenGlow is already running at ${found.baseUrl}.`)
    if (options.window) {
      const { ticket } = await found.api("POST /api/tickets", {}, signal)
      const { baseUrl } = found
      const opened = openWindow({ baseUrl, ticket, dataDir: config.dataDir, env: options.env, isDetached: true })
      if (opened.kind === "none") noteAddress(opened.url)
    }
    return exitCode.done
  }
  let core = await bootCore(config)
  const running = new AbortController()
  // The window stays on the same address while the core behind it is started anew.
  const restarts = (async () => {
    while (await restartComes(core, AbortSignal.any([signal, running.signal]))) core = await core.startAnew()
  })()
  try {
    announce(core.baseUrl, config)
    const shown = options.window ? showWindow(core, config, options.env, signal) : ended(signal)
    // A core that cannot be started anew ends the command with its reason.
    await Promise.race([shown, restarts.then(() => shown)])
  } finally {
    running.abort()
    await restarts.catch(() => {})
    await core.close()
  }
  return exitCode.done
}

/** Resolves when the window was closed, or on the signal. Without a window only the signal ends it. */
async function showWindow(core: Core, config: AppConfig, env: Environment, signal: AbortSignal): Promise<void> {
  const { baseUrl } = core
  const { dataDir } = config
  const open = () => openWindow({ baseUrl, ticket: core.mintTicket(), dataDir, env })
  const fetching = new AbortController()
  let opened = open()
  try {
    if (opened.kind === "none") noteAddress(opened.url)
    if (opened.kind !== "electron" && !core.egress.isOffline()) {
      const fetched = fetchElectron(
        { dataDir, env, note, egress: core.egress },
        AbortSignal.any([signal, fetching.signal]),
      )
      if (opened.kind === "none" && (await fetched)) opened = open()
    }
    const outcome = await Promise.race([ended(signal), opened.closed])
    if (outcome === "failed") noteAddress(`${baseUrl}/#ticket=${core.mintTicket()}`)
    if (outcome !== "closed") await ended(signal)
  } finally {
    fetching.abort()
    opened.close()
  }
}

function noteAddress(url: string): void {
  note(`No app window could be opened here. Open this address in a browser, within two minutes:\n  ${url}`)
}

function announce(baseUrl: string, config: AppConfig): void {
  process.stdout.write(
    `ZenGlow is ready.\n  Window and API  ${baseUrl}\n  OpenAI base URL ${baseUrl}/v1\n  Key             in ${config.dataDir} (api-key)\n  Stop with Ctrl-C\n`,
  )
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener("abort", () => resolve(), { once: true })
  })
}
