import { Command } from "commander"
import { version } from "#app/version.ts"
import { type AppConfig, loadConfig } from "#core/config.ts"
import type { Client } from "./client.ts"
import { reportFailure } from "./output.ts"

/** Options that every verb takes. */
export interface GlobalOptions {
  dataDir?: string
  json?: boolean
  logLevel?: string
}

/** What the verbs are made with. */
export interface Cli {
  program: Command
  /** Aborts when the command is interrupted. */
  signal: AbortSignal
  verb(name: string, description: string): Command
  /** A verb with verbs of its own. Returns what makes them. */
  group(name: string, description: string): Cli["verb"]
  withCommonOptions(command: Command): Command
  /** An action that needs the core: loads the configuration, connects, runs, closes, and sets the exit code. */
  withCore<A extends unknown[], O extends GlobalOptions>(
    run: (client: Client, args: A, options: O, signal: AbortSignal) => Promise<number>,
    /** The command stays until it is stopped, and others may use its core meanwhile. Default: no. */
    stays?: (options: O) => boolean,
  ): (...all: unknown[]) => Promise<void>
  /** Sets the exit code that `run` resolves with; a failure is told on stderr, whole at `debug`, and on stdout with `json`. */
  guarded(json: boolean, run: () => Promise<number>, logLevel?: string): Promise<void>
  configFrom(options: GlobalOptions, flags?: Record<string, unknown>): AppConfig
}

/** What shells expect of a command that was interrupted. */
export const interruptedCode = 130

/** `zenglow` without its verbs. */
export function createCli(signal: AbortSignal): Cli {
  const program = new Command("zenglow")
    .description("An assistant whose models all run on this machine.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  const verb = (name: string, description: string): Command =>
    withCommonOptions(program.command(name).description(description).exitOverride())

  async function guarded(json: boolean, run: () => Promise<number>, logLevel?: string): Promise<void> {
    try {
      process.exitCode = await run()
    } catch (error) {
      process.exitCode = signal.aborted
        ? interruptedCode
        : reportFailure(error, json, { isVerbose: logLevel === "debug" })
    }
  }

  return {
    program,
    signal,
    verb,
    group(name, description) {
      const parent = program.command(name).description(description).exitOverride()
      return (own, does) => withCommonOptions(parent.command(own).description(does).exitOverride())
    },
    withCommonOptions,
    withCore<A extends unknown[], O extends GlobalOptions>(
      run: (client: Client, args: A, options: O, signal: AbortSignal) => Promise<number>,
      stays: (options: O) => boolean = () => false,
    ) {
      return async (...all: unknown[]) => {
        const command = all.at(-1) as Command
        const options = command.optsWithGlobals<O>()
        const args = all.slice(0, -2) as A
        const act = async (): Promise<number> => {
          const config = configFrom(options, { logLevel: options.logLevel ?? "warn" })
          // What boots a core is loaded when one is needed: help and wrong use answer at once.
          const { connect } = await import("./connect.ts")
          const connection = await connect(config, signal, { isListed: stays(options) })
          try {
            return await run(connection.client, args, options, signal)
          } finally {
            await connection.close()
          }
        }
        await guarded(options.json ?? false, act, options.logLevel)
      }
    },
    guarded,
    configFrom,
  }
}

const withCommonOptions = (command: Command): Command =>
  command
    .option("--json", "print one JSON document on stdout")
    .option("--data-dir <path>", "where ZenGlow keeps everything")
    .option("--log-level <level>", "debug, info, warn or error")

function configFrom(options: GlobalOptions, extra: Record<string, unknown> = {}): AppConfig {
  const flags = { dataDir: options.dataDir, ...extra }
  return loadConfig(Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)), process.env)
}
