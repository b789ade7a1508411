import type { Command } from "commander"
import type { Cli, GlobalOptions } from "../cli.ts"
import type { Connection } from "../connect.ts"
import { doctor, drill, supportBundle, tellFindings } from "../doctor.ts"
import { why } from "../why.ts"

interface DoctorVerbOptions extends GlobalOptions {
  quick?: boolean
  only?: string
  bundle?: string | true
  hide?: string
  inject?: string | true
}

/** How well it works: `doctor`, `why` and `eval`. */
export function addCheckVerbs({ verb, withCore, guarded, configFrom, signal }: Cli): void {
  verb("doctor", "check this installation, and say what to do where something is wrong")
    .option("--quick", "leave out what reads or loads whole models")
    .option("--only <code>", "only this check, or those that begin with it: engines")
    .option("--bundle [file]", "write a zip for somebody who helps; without a file name, show what is in it")
    .option("--hide <words>", "with --bundle: words to take out, with commas between them")
    .option("--inject [fault]", "make faults in a folder of their own, and show that each is found and healed")
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DoctorVerbOptions>()
      const { json = false, inject, bundle, only, quick, hide } = options
      if (inject !== undefined) {
        await guarded(
          json,
          () => drill({ json, ...(inject === true ? {} : { only: inject }) }, signal),
          options.logLevel,
        )
        return
      }
      const examine = async (): Promise<number> => {
        const { startFinding } = await import("#app/startFindings.ts")
        const { connect } = await import("../connect.ts")
        let connection: Connection
        try {
          connection = await connect(configFrom(options, { logLevel: options.logLevel ?? "warn" }), signal)
        } catch (error) {
          // What keeps a core from starting is what doctor is asked about.
          if (signal.aborted) throw error
          return tellFindings([startFinding(error)], json)
        }
        const { client } = connection
        try {
          return bundle === undefined
            ? await doctor(client, { json, quick, only }, signal)
            : await supportBundle(client, { json, file: bundle === true ? null : bundle, hide }, signal)
        } finally {
          await connection.close()
        }
      }
      await guarded(json, examine, options.logLevel)
    })

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
          const { evaluate } = await import("../evaluate.ts")
          return evaluate(client, dataset, { answers, collection, json }, signal)
        },
      ),
    )
}
