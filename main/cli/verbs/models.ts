import type { Cli, GlobalOptions } from "../cli.ts"
import { models } from "../models.ts"

/** `models list`, `pull`, `verify`, `import` and `rm`. */
export function addModelVerbs({ group, withCore }: Cli): void {
  const verb = group("models", "models on this machine")
  verb("list", "catalogue and installed models").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => models.list(client, options.json ?? false, signal)),
  )
  verb("pull", "download models; without ids, the recommended bundle")
    .argument("[id...]")
    .action(
      withCore<[string[]], GlobalOptions>((client, [ids], options, signal) =>
        models.pull(client, ids, options.json ?? false, signal),
      ),
    )
  verb("verify", "hash installed models again")
    .argument("[id...]")
    .action(
      withCore<[string[]], GlobalOptions>((client, [ids], options, signal) =>
        models.verify(client, ids, options.json ?? false, signal),
      ),
    )
  verb("import", "use a model file of your own")
    .argument("<path>")
    .option("--copy", "copy instead of linking")
    .option("--name <name>", "name to show")
    .action(
      withCore<[string], GlobalOptions & { copy?: boolean; name?: string }>((client, [path], options, signal) =>
        models.import(client, path, { copy: options.copy ?? false, name: options.name }, options.json ?? false, signal),
      ),
    )
  verb("rm", "remove a model's files")
    .argument("<id>")
    .action(
      withCore<[string], GlobalOptions>((client, [id], options, signal) =>
        models.remove(client, id, options.json ?? false, signal),
      ),
    )
}
