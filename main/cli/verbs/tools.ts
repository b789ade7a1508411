import { InvalidArgumentError } from "commander"
import type { Cli, GlobalOptions } from "../cli.ts"
import { exitCode, printResult } from "../output.ts"

/** `tools list` and `call`. */
export function addToolVerbs({ group, withCore }: Cli): void {
  const verb = group("tools", "what ZenGlow can work out or do by name")
  verb("list", "tools and what they take").action(
    withCore<[], GlobalOptions>(async (client, _given, options, signal) => {
      const { items } = await client.api("GET /api/tools", {}, signal)
      printResult({ items }, options.json ?? false, () =>
        items.map(({ name, description }) => `${name}  ${description}`).join("\n"),
      )
      return exitCode.done
    }),
  )
  verb("call", "call a tool")
    .argument("<name>")
    .argument("[arguments]", "as a JSON object", argumentsOf, {})
    .option("--yes", "agree to a tool that asks first")
    .action(
      withCore<[string, Record<string, unknown>], GlobalOptions & { yes?: boolean }>(
        async (client, [name, given], options, signal) => {
          const body = { arguments: given, confirmed: options.yes ?? false }
          const { result } = await client.api("POST /api/tools/:name/call", { params: { name }, body }, signal)
          printResult(result, options.json ?? false, () => JSON.stringify(result, null, 2))
          return exitCode.done
        },
      ),
    )
}

function argumentsOf(text: string): Record<string, unknown> {
  try {
    const given: unknown = JSON.parse(text)
    if (typeof given === "object" && given !== null && !Array.isArray(given)) return { ...given }
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('Arguments are a JSON object: \'{"expression": "1 + 1"}\'.')
}
