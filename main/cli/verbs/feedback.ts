import type { Cli, GlobalOptions } from "../cli.ts"
import { feedback } from "../feedback.ts"

/** `feedback show` and `forget`. */
export function addFeedbackVerbs({ group, withCore }: Cli): void {
  const verb = group("feedback", "what clicks and thumbs taught the ranking")
  verb("show", "how much was learned from").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => feedback.show(client, options.json ?? false, signal)),
  )
  verb("forget", "erase it")
    .option("--yes", "do it without asking again")
    .action(
      withCore<[], GlobalOptions & { yes?: boolean }>((client, _, options, signal) =>
        feedback.forget(client, options.yes ?? false, options.json ?? false, signal),
      ),
    )
}
