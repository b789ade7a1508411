import { acceptedKinds } from "#contract/documentKinds.ts"
import { ask } from "../ask.ts"
import type { Cli, GlobalOptions } from "../cli.ts"
import { ingest } from "../ingest.ts"

/** `ask` and `ingest`. */
export function addDocumentVerbs({ verb, withCore }: Cli): void {
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
    .addHelpText(
      "after",
      `
Files that cannot be read are named on stderr, each with its reason, and the others go on.
Ends with 0 when at least one document is ready or nothing failed; with 1 when none could be
read, or a web page that was named did not come. With --json, "failed" lists every one of them.`,
    )
    .action(
      withCore<[string[]], GlobalOptions & { collection?: string; watch?: boolean }>(
        async (client, [paths], { collection, json = false, watch = false }, signal) => {
          if (!watch) return ingest(client, paths, { collection, json }, signal)
          const { watchFolders } = await import("../watchFolders.ts")
          return watchFolders(client, paths, { collection, json }, signal)
        },
        ({ watch }) => watch === true,
      ),
    )
}

/** Collects an option that may be repeated. */
const append = (value: string, previous: string[] = []): string[] => [...previous, value]
