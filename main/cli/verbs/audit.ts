import { audit } from "../audit.ts"
import type { Cli, GlobalOptions } from "../cli.ts"

/** `audit`. */
export function addAuditVerb({ verb, withCore }: Cli): void {
  verb("audit", "who did what: the audit log")
    .option("--verify", "check that no entry was changed or taken out")
    .option("--limit <n>", "entries to show (default 50)", Number)
    .action(
      withCore<[], GlobalOptions & { verify?: boolean; limit?: number }>((client, _, options, signal) =>
        audit(client, { ...options, json: options.json ?? false }, signal),
      ),
    )
}
