import { InvalidArgumentError } from "commander"
import type { BackendKind } from "#contract/backends.ts"
import { backends } from "../backends.ts"
import type { Cli, GlobalOptions } from "../cli.ts"

interface AddOptions extends GlobalOptions {
  kind: BackendKind
  model?: string
  private?: boolean
  documents?: boolean
}

/** `backends list`, `add`, `test` and `rm`. */
export function addBackendVerbs({ group, withCore }: Cli): void {
  const verb = group("backends", "other servers that models answer from")
  verb("list", "servers with their health").action(
    withCore<[], GlobalOptions>((client, _, options, signal) => backends.list(client, options.json ?? false, signal)),
  )
  verb("add", "add a server; nothing is sent to it until it is tested or used")
    .argument("<name>")
    .argument("<address>")
    .option("--kind <kind>", "openai (llama.cpp, vLLM, LM Studio, ZenGlow), ollama or edge", kindOf, "openai")
    .option("--model <model>", "the model that is used when none is named")
    .option("--private", "its name may lead to an address of a private network")
    .option("--documents", "passages of your documents may be sent there")
    .action(
      withCore<[string, string], AddOptions>((client, [name, baseUrl], options, signal) => {
        const { kind, model = null } = options
        const allows = { allowsPrivate: options.private ?? false, allowsDocuments: options.documents ?? false }
        return backends.add(client, { name, kind, baseUrl, model, ...allows }, options.json ?? false, signal)
      }),
    )
  verb("test", "ask a server for its models")
    .argument("<name>")
    .action(
      withCore<[string], GlobalOptions>((client, [name], options, signal) =>
        backends.test(client, name, options.json ?? false, signal),
      ),
    )
  verb("rm", "forget a server and its key")
    .argument("<name>")
    .action(
      withCore<[string], GlobalOptions>((client, [name], options, signal) =>
        backends.remove(client, name, options.json ?? false, signal),
      ),
    )
}

function kindOf(text: string): BackendKind {
  if (text === "openai" || text === "ollama" || text === "edge") return text
  throw new InvalidArgumentError("A kind is openai, ollama or edge.")
}
