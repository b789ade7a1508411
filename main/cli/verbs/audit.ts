import { InvalidArgumentError } from "commander"
import { audit } from "../audit.ts"
import type { Cli, GlobalOptions } from "../cli.ts"

/** `audit`. */
export function addAuditVerb({ verb, withCore }: Cli): void {
  verb("audit", "who did what: the audit log")
    .option("--verify", "check that no entry was changed or taken out")
    .option("--limit <n>", "entries to show, at most 200 (default 50)", entryCount)
    .action(
      withCore<[], GlobalOptions & { verify?: boolean; limit?: number }>((client, _, options, signal) =>
        audit(client, { ...options, json: options.json ?? false }, signal),
      ),
    )
}

function entryCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 200)
    throw new InvalidArgumentError("Entries are a whole number from 1 to 200.")
  return count
}
