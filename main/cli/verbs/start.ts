import { type Command, InvalidArgumentError } from "commander"
import type { Cli, GlobalOptions } from "../cli.ts"

interface ServeOptions extends GlobalOptions {
  port?: number
  host?: string
  window?: boolean
}

/** `zenglow` alone, with a window, and `serve`, without one. */
export function addStartVerbs({ program, verb, withCommonOptions, guarded, configFrom, signal }: Cli): void {
  withCommonOptions(program)
    // Also where an unknown verb arrives.
    .argument("[verb]")
    .option("--no-window", "start without opening a window")
    .option("--port <port>", "port to listen on (default 9071, or the next free one)", portNumber)
    .action((verb: string | undefined, _, command: Command) => {
      if (verb !== undefined) command.error(`error: unknown command '${verb}' (see --help)`)
      const options = command.optsWithGlobals<ServeOptions>()
      const run = async (): Promise<number> => {
        const config = configFrom(options, { port: options.port, logLevel: options.logLevel })
        const { start } = await import("../serve.ts")
        return await start(config, { window: options.window !== false, env: process.env }, signal)
      }
      return guarded(options.json ?? false, run, options.logLevel)
    })

  verb("serve", "run the core and its API without a window")
    .option("--port <port>", "port to listen on", portNumber)
    .option("--host <address>", "address to listen on (default 127.0.0.1)")
    .action((_, command: Command) => {
      const options = command.optsWithGlobals<ServeOptions>()
      const run = async (): Promise<number> => {
        const config = configFrom(options, { port: options.port, host: options.host, logLevel: options.logLevel })
        const { serve } = await import("../serve.ts")
        return await serve(config, { json: options.json ?? false }, signal)
      }
      return guarded(options.json ?? false, run, options.logLevel)
    })
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("A port is a number from 0 to 65535.")
  return port
}
