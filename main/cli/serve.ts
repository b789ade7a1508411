import { bootCore } from "#app/bootCore.ts"
import { openWindow } from "#app/openWindow.ts"
import type { AppConfig } from "#core/config.ts"
import { findRunning } from "./connect.ts"
import { exitCode, note } from "./output.ts"

/** `serve`: the core and its API until a signal comes. */
export async function serve(config: AppConfig, options: { json: boolean }, signal: AbortSignal): Promise<number> {
  const core = await bootCore(config)
  try {
    if (options.json)
      process.stdout.write(`${JSON.stringify({ baseUrl: core.baseUrl, pid: process.pid, dataDir: config.dataDir })}\n`)
    else announce(core.baseUrl, config)
    await ended(AbortSignal.any([signal, parentGone()]))
  } finally {
    await core.close()
    if (process.connected) process.disconnect()
  }
  return exitCode.done
}

/** Aborts when the program that started this one with a channel (the desktop shell) closes it or dies. */
function parentGone(): AbortSignal {
  const gone = new AbortController()
  process.once("disconnect", () => gone.abort())
  return gone.signal
}

/** No verb: the core with a window. A core that already runs gets a window of its own and this command ends. */
export async function start(config: AppConfig, options: { window: boolean }, signal: AbortSignal): Promise<number> {
  const running = await findRunning(config)
  if (running) {
    note(`ZenGlow is already running at ${running.baseUrl}.`)
    if (options.window) {
      const { ticket } = await running.api("POST /api/tickets", {}, signal)
      const opened = await openWindow({ baseUrl: running.baseUrl, ticket, dataDir: config.dataDir })
      if (opened.kind === "none") note(`Open ${opened.url}`)
    }
    return exitCode.done
  }
  const core = await bootCore(config)
  try {
    announce(core.baseUrl, config)
    if (!options.window) {
      await ended(signal)
      return exitCode.done
    }
    const opened = await openWindow({ baseUrl: core.baseUrl, ticket: core.mintTicket(), dataDir: config.dataDir })
    if (opened.kind === "none")
      note(`No app window could be opened here. Open this address in a browser:\n  ${opened.url}`)
    await (opened.kind === "none" ? ended(signal) : Promise.race([ended(signal), opened.closed]))
    opened.close()
  } finally {
    await core.close()
  }
  return exitCode.done
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
