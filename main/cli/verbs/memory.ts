import { InvalidArgumentError } from "commander"
import type { Cli, GlobalOptions } from "../cli.ts"
import { memory } from "../memory.ts"

/** `memory list`, `add` and `rm`. */
export function addMemoryVerbs({ group, withCore }: Cli): void {
  const verb = group("memory", "what ZenGlow was asked to remember")
  verb("list", "memories, newest first")
    .argument("[words]", "only those with these words")
    .action(
      withCore<[string | undefined], GlobalOptions>((client, [words], options, signal) =>
        memory.list(client, words, options.json ?? false, signal),
      ),
    )
  verb("add", "remember something")
    .argument("<text>")
    .option("--weight <0..2>", "how much it counts in answers (default 1)", memoryWeight)
    .action(
      withCore<[string], GlobalOptions & { weight?: number }>((client, [text], options, signal) =>
        memory.add(client, text, options.weight, options.json ?? false, signal),
      ),
    )
  verb("rm", "forget for good")
    .argument("<id>", "id of a memory, or `all`")
    .action(
      withCore<[string], GlobalOptions>((client, [id], options, signal) =>
        memory.remove(client, id, options.json ?? false, signal),
      ),
    )
}

function memoryWeight(text: string): number {
  const weight = Number(text)
  if (text.trim() === "" || !(weight >= 0 && weight <= 2))
    throw new InvalidArgumentError("A weight is a number from 0 to 2.")
  return weight
}
