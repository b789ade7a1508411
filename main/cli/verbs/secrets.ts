import type { Cli, GlobalOptions } from "../cli.ts"
import { secrets } from "../secrets.ts"

/** `secrets list`, `set` and `rm`. */
export function addSecretVerbs({ group, withCore }: Cli): void {
  const verb = group("secrets", "keys of other services")
  verb("list", "names of the secrets that are set, and where each lies").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => secrets.list(client, options.json ?? false, signal)),
  )
  verb("set", "set a secret; the value comes from standard input")
    .argument("<name>")
    .action(
      withCore<[string], GlobalOptions>((client, [name], options, signal) =>
        secrets.set(client, name, options.json ?? false, signal),
      ),
    )
  verb("rm", "forget a secret")
    .argument("<name>")
    .action(
      withCore<[string], GlobalOptions>((client, [name], options, signal) =>
        secrets.remove(client, name, options.json ?? false, signal),
      ),
    )
}
