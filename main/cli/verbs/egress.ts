import { InvalidArgumentError } from "commander"
import type { Cli, GlobalOptions } from "../cli.ts"
import { egress } from "../egress.ts"

/** `egress`. */
export function addEgressVerb({ verb, withCore }: Cli): void {
  verb("egress", "what left this computer: every connection to the outside")
    .option("--offline <on|off>", "first close or open the way out, for everything", onOrOff)
    .option("--limit <n>", "connections to show, at most 200 (default 50)", entryCount)
    .action(
      withCore<[], GlobalOptions & { offline?: boolean; limit?: number }>((client, _, options, signal) =>
        egress(client, { ...options, json: options.json ?? false }, signal),
      ),
    )
}

function onOrOff(text: string): boolean {
  if (text !== "on" && text !== "off") throw new InvalidArgumentError("Say on or off.")
  return text === "on"
}

function entryCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 200)
    throw new InvalidArgumentError("Connections are a whole number from 1 to 200.")
  return count
}
