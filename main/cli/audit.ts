import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"

/** `audit`: the last lines of the audit log; with `--verify`, whether it is whole. Exit code 1 when it is not. */
export async function audit(
  client: Client,
  options: { verify?: boolean; limit?: number; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  if (options.verify) {
    const verdict = await client.api("GET /api/audit/verify", {}, signal)
    printResult(verdict, options.json, () =>
      verdict.isIntact
        ? `The audit log is whole: ${verdict.entries} entries.`
        : `The audit log was tampered with: entry ${verdict.brokenAt} is ${verdict.problem}. Entries before it are good.`,
    )
    return verdict.isIntact ? exitCode.done : exitCode.failed
  }
  const list = await client.api("GET /api/audit", { query: { limit: String(options.limit ?? 50) } }, signal)
  printResult(list, options.json, () =>
    list.items
      .map((row) =>
        [
          new Date(row.at).toISOString(),
          row.personId.padEnd(12),
          row.outcome.padEnd(7),
          row.action.padEnd(22),
          row.subject,
          row.detail ?? "",
        ]
          .join("  ")
          .trimEnd(),
      )
      .join("\n"),
  )
  return exitCode.done
}
