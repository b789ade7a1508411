import { Command, CommanderError, InvalidArgumentError } from "commander"
import { version } from "#app/version.ts"
import { acceptedKinds } from "#contract/documentKinds.ts"
import { type AppConfig, loadConfig } from "#core/config.ts"
import { ask } from "./ask.ts"
import { audit } from "./audit.ts"
import type { Client } from "./client.ts"
import { doctor } from "./doctor.ts"
import { feedback } from "./feedback.ts"
import { ingest } from "./ingest.ts"
import { memory } from "./memory.ts"
import { models } from "./models.ts"
import { exitCode, printResult, reportFailure } from "./output.ts"
import { secrets } from "./secrets.ts"
import { say, transcribe, voices } from "./speech.ts"
import { why } from "./why.ts"

/** The command line: `zenglow <verb>`. Without a verb it starts the core and opens the window. */
interface GlobalOptions {
  dataDir?: string
  json?: boolean
  logLevel?: string
}

/** What shells expect of a command that was interrupted. */
const interruptedCode = 130
const interrupt = new AbortController()
/** A terminal and a launcher may both pass on one Ctrl-C; only one that comes later means "at once". */
const sameInterruptMs = 1000
let interruptedAt: number | null = null
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interruptedAt ??= performance.now()
    if (performance.now() - interruptedAt > sameInterruptMs) process.exit(interruptedCode)
    interrupt.abort(new DOMException(`Stopped by ${signal}.`, "AbortError"))
  })
}

const program = new Command("zenglow")
  .description("An assistant whose models all run on this machine.")
  .version(version)
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) })

const withCommonOptions = (command: Command): Command =>
  command
    .option("--json", "print one JSON document on stdout")
    .option("--data-dir <path>", "where ZenGlow keeps everything")
    .option("--log-level <level>", "debug, info, warn or error")

const verb = (name: string, description: string): Command =>
  withCommonOptions(program.command(name).description(description).exitOverride())

/** Loads the configuration, connects, runs, closes, and sets the exit code. */
const withCore =
  <A extends unknown[], O extends GlobalOptions>(
    run: (client: Client, args: A, options: O, signal: AbortSignal) => Promise<number>,
    /** The command stays until it is stopped, and others may use its core meanwhile. */
    stays: (options: O) => boolean = () => false,
  ) =>
  async (...all: unknown[]): Promise<void> => {
    const command = all.at(-1) as Command
    const options = command.optsWithGlobals<O>()
    const args = all.slice(0, -2) as A
    await guarded(options.json ?? false, async () => {
      const config = configFrom(options, { logLevel: options.logLevel ?? "warn" })
      // What boots a core is loaded when one is needed: help and wrong use answer at once.
      const { connect } = await import("./connect.ts")
      const connection = await connect(config, interrupt.signal, { isListed: stays(options) })
      try {
        return await run(connection.client, args, options, interrupt.signal)
      } finally {
        await connection.close()
      }
    })
  }

async function guarded(json: boolean, run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run()
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? interruptedCode : reportFailure(error, json)
  }
}

function configFrom(options: GlobalOptions, extra: Record<string, unknown> = {}): AppConfig {
  const flags = { dataDir: options.dataDir, ...extra }
  return loadConfig(Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)), process.env)
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("A port is a number from 0 to 65535.")
  return port
}

function memoryWeight(text: string): number {
  const weight = Number(text)
  if (text.trim() === "" || !(weight >= 0 && weight <= 2))
    throw new InvalidArgumentError("A weight is a number from 0 to 2.")
  return weight
}

const append = (value: string, previous: string[] = []): string[] => [...previous, value]

interface ServeOptions extends GlobalOptions {
  port?: number
  host?: string
  window?: boolean
}

withCommonOptions(program)
  // Also where an unknown verb arrives.
  .argument("[verb]")
  .option("--no-window", "start without opening a window")
  .option("--port <port>", "port to listen on (default 9071, or the next free one)", portNumber)
  .action((verb: string | undefined, _, command: Command) => {
    if (verb !== undefined) command.error(`error: unknown command '${verb}' (see --help)`)
    const options = command.optsWithGlobals<ServeOptions>()
    return guarded(options.json ?? false, async () => {
      const config = configFrom(options, { port: options.port, logLevel: options.logLevel })
      const { start } = await import("./serve.ts")
      return await start(config, { window: options.window !== false, env: process.env }, interrupt.signal)
    })
  })

verb("serve", "run the core and its API without a window")
  .option("--port <port>", "port to listen on", portNumber)
  .option("--host <address>", "address to listen on (default 127.0.0.1)")
  .action((_, command: Command) => {
    const options = command.optsWithGlobals<ServeOptions>()
    return guarded(options.json ?? false, async () => {
      const config = configFrom(options, { port: options.port, host: options.host, logLevel: options.logLevel })
      const { serve } = await import("./serve.ts")
      return await serve(config, { json: options.json ?? false }, interrupt.signal)
    })
  })

verb("ask", "answer a question from your documents, with citations")
  .argument("<question>")
  .option("--docs <path>", "file or folder to answer from, kept in a collection of its own; may be repeated", append)
  .option("--collection <name>", "collection to answer from")
  .option("--model <id>", "chat model")
  .action(
    withCore<[string], GlobalOptions & { docs?: string[]; collection?: string; model?: string }>(
      (client, [question], options, signal) =>
        ask(client, question, { ...options, json: options.json ?? false }, signal),
    ),
  )

verb("ingest", `add files, folders or web pages (https://…) to a collection: ${acceptedKinds()}`)
  .argument("<path...>")
  .option("--collection <name>", "collection to add to")
  .option(
    "--watch",
    "keep up with the folders: what changes there changes here, until Ctrl-C or as long as ZenGlow runs",
  )
  .action(
    withCore<[string[]], GlobalOptions & { collection?: string; watch?: boolean }>(
      async (client, [paths], { collection, json = false, watch = false }, signal) => {
        if (!watch) return ingest(client, paths, { collection, json }, signal)
        const { watchFolders } = await import("./watchFolders.ts")
        return watchFolders(client, paths, { collection, json }, signal)
      },
      ({ watch }) => watch === true,
    ),
  )

verb("talk", "a whole voice turn from file to file")
  .argument("<in.wav>")
  .requiredOption("--out <file.wav>", "where the spoken answer goes")
  .option("--collection <name>", "collection to answer from")
  .action(
    withCore<[string], GlobalOptions & { out: string; collection?: string }>(
      async (client, [path], options, signal) => {
        const { talk } = await import("./talk.ts")
        return await talk(client, path, { ...options, json: options.json ?? false }, signal)
      },
    ),
  )

verb("transcribe", "speech to text")
  .argument("<file>")
  .action(
    withCore<[string], GlobalOptions>((client, [path], options, signal) =>
      transcribe(client, path, options.json ?? false, signal),
    ),
  )

verb("say", "text to speech")
  .argument("<text>")
  .requiredOption("--out <file>", "sound file to write: wav, mp3, opus or flac")
  .option("--voice <id>", "voice")
  .action(
    withCore<[string], GlobalOptions & { out: string; voice?: string }>((client, [text], options, signal) =>
      say(client, text, { ...options, json: options.json ?? false }, signal),
    ),
  )

verb("voices", "voices that can speak").action(
  withCore<[], GlobalOptions>((client, _, options, signal) => voices(client, options.json ?? false, signal)),
)

verb("doctor", "check this installation").action(
  withCore<[], GlobalOptions>((client, _, options, signal) => doctor(client, options.json ?? false, signal)),
)

verb("why", "why a document was or was not used for a question")
  .argument("<question>")
  .argument("<file>", "file name, path as listed, title or id of a document")
  .option("--collection <name>", "collection that was searched (default: all)")
  .action(
    withCore<[string, string], GlobalOptions & { collection?: string }>((client, [question, file], options, signal) =>
      why(client, question, file, { collection: options.collection, json: options.json ?? false }, signal),
    ),
  )

verb("eval", "measure retrieval on a test collection, a YAML of questions, or the pinned questions")
  .argument("[dataset]", "folder of a test collection, or file of questions (default: the pinned questions)")
  .option("--collection <name>", "collection that a file's questions are about (default: all)")
  .option("--answers", "also write answers and check their sentences; slow")
  .action(
    withCore<[string | undefined], GlobalOptions & { collection?: string; answers?: boolean }>(
      async (client, [dataset], { answers = false, collection, json = false }, signal) => {
        const { evaluate } = await import("./evaluate.ts")
        return evaluate(client, dataset, { answers, collection, json }, signal)
      },
    ),
  )

const memoryVerbs = program.command("memory").description("what ZenGlow was asked to remember").exitOverride()
const memoryVerb = (name: string, description: string): Command =>
  withCommonOptions(memoryVerbs.command(name).description(description).exitOverride())
memoryVerb("list", "memories, newest first")
  .argument("[words]", "only those with these words")
  .action(
    withCore<[string | undefined], GlobalOptions>((client, [words], options, signal) =>
      memory.list(client, words, options.json ?? false, signal),
    ),
  )
memoryVerb("add", "remember something")
  .argument("<text>")
  .option("--weight <0..2>", "how much it counts in answers (default 1)", memoryWeight)
  .action(
    withCore<[string], GlobalOptions & { weight?: number }>((client, [text], options, signal) =>
      memory.add(client, text, options.weight, options.json ?? false, signal),
    ),
  )
memoryVerb("rm", "forget for good")
  .argument("<id>", "id of a memory, or `all`")
  .action(
    withCore<[string], GlobalOptions>((client, [id], options, signal) =>
      memory.remove(client, id, options.json ?? false, signal),
    ),
  )

const feedbackVerbs = program
  .command("feedback")
  .description("what clicks and thumbs taught the ranking")
  .exitOverride()
const feedbackVerb = (name: string, description: string): Command =>
  withCommonOptions(feedbackVerbs.command(name).description(description).exitOverride())
feedbackVerb("show", "how much was learned from").action(
  withCore<[], GlobalOptions>((client, _, options, signal) => feedback.show(client, options.json ?? false, signal)),
)
feedbackVerb("forget", "erase it")
  .option("--yes", "do it without asking again")
  .action(
    withCore<[], GlobalOptions & { yes?: boolean }>((client, _, options, signal) =>
      feedback.forget(client, options.yes ?? false, options.json ?? false, signal),
    ),
  )

const modelVerbs = program.command("models").description("models on this machine").exitOverride()
const modelVerb = (name: string, description: string): Command =>
  withCommonOptions(modelVerbs.command(name).description(description).exitOverride())
modelVerb("list", "catalogue and installed models").action(
  withCore<[], GlobalOptions>((client, _, options, signal) => models.list(client, options.json ?? false, signal)),
)
modelVerb("pull", "download models; without ids, the recommended bundle")
  .argument("[id...]")
  .action(
    withCore<[string[]], GlobalOptions>((client, [ids], options, signal) =>
      models.pull(client, ids, options.json ?? false, signal),
    ),
  )
modelVerb("verify", "hash installed models again")
  .argument("[id...]")
  .action(
    withCore<[string[]], GlobalOptions>((client, [ids], options, signal) =>
      models.verify(client, ids, options.json ?? false, signal),
    ),
  )
modelVerb("import", "use a model file of your own")
  .argument("<path>")
  .option("--copy", "copy instead of linking")
  .option("--name <name>", "name to show")
  .action(
    withCore<[string], GlobalOptions & { copy?: boolean; name?: string }>((client, [path], options, signal) =>
      models.import(client, path, { copy: options.copy ?? false, name: options.name }, options.json ?? false, signal),
    ),
  )
modelVerb("rm", "remove a model's files")
  .argument("<id>")
  .action(
    withCore<[string], GlobalOptions>((client, [id], options, signal) =>
      models.remove(client, id, options.json ?? false, signal),
    ),
  )

verb("audit", "who did what: the audit log")
  .option("--verify", "check that no entry was changed or taken out")
  .option("--limit <n>", "entries to show (default 50)", Number)
  .action(
    withCore<[], GlobalOptions & { verify?: boolean; limit?: number }>((client, _, options, signal) =>
      audit(client, { ...options, json: options.json ?? false }, signal),
    ),
  )

const secretVerbs = program.command("secrets").description("keys of other services").exitOverride()
const secretVerb = (name: string, description: string): Command =>
  withCommonOptions(secretVerbs.command(name).description(description).exitOverride())
secretVerb("list", "names of the secrets that are set, and where each lies").action(
  withCore<[], GlobalOptions>((client, _, options, signal) => secrets.list(client, options.json ?? false, signal)),
)
secretVerb("set", "set a secret; the value comes from standard input")
  .argument("<name>")
  .action(
    withCore<[string], GlobalOptions>((client, [name], options, signal) =>
      secrets.set(client, name, options.json ?? false, signal),
    ),
  )
secretVerb("rm", "forget a secret")
  .argument("<name>")
  .action(
    withCore<[string], GlobalOptions>((client, [name], options, signal) =>
      secrets.remove(client, name, options.json ?? false, signal),
    ),
  )

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Help and version end with 0; wrong use was already explained on stderr.
  process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.wrongUse
  if (error.exitCode !== 0 && process.argv.includes("--json"))
    printResult({ error: { code: "request.invalid", message: error.message.replace(/^error: /, "") } }, true, () => "")
}
