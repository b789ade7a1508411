import type { Cli, GlobalOptions } from "../cli.ts"
import { doctor } from "../doctor.ts"
import { why } from "../why.ts"

/** How well it works: `doctor`, `why` and `eval`. */
export function addCheckVerbs({ verb, withCore }: Cli): void {
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
          const { evaluate } = await import("../evaluate.ts")
          return evaluate(client, dataset, { answers, collection, json }, signal)
        },
      ),
    )
}
