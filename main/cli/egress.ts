import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"

/** `egress`: what left this computer, newest first. With `offline`, first opens or closes the way out. */
export async function egress(
  client: Client,
  options: { limit?: number; offline?: boolean; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  if (options.offline !== undefined)
    await client.api("PATCH /api/settings", { body: { offline: options.offline } }, signal)
  const left = await client.api("GET /api/egress", { query: { limit: String(options.limit ?? 50) } }, signal)
  printResult(left, options.json, () =>
    [
      left.isOffline ? "Offline: no connection to the outside is made." : "Connections to the outside are allowed.",
      `${left.totals.connections} made, ${left.totals.refused} refused; ${left.totals.sentBytes} bytes sent, ${left.totals.receivedBytes} received.`,
      ...left.items.map((entry) =>
        [
          new Date(entry.at).toISOString(),
          entry.outcome.padEnd(11),
          entry.reason.padEnd(16),
          entry.host + (entry.port === null ? "" : `:${entry.port}`),
          entry.sentBytes === null ? "" : `${entry.sentBytes} sent`,
          entry.receivedBytes === null ? "" : `${entry.receivedBytes} received`,
          entry.personId ?? "",
          entry.detail ?? "",
        ]
          .filter((column) => column !== "")
          .join("  "),
      ),
    ].join("\n"),
  )
  return exitCode.done
}
