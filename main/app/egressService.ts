import type { Egress } from "#core/egress/createEgress.ts"
import type { ServerDeps } from "#server/deps.ts"

/** The ledger of connections as the window and the command line read it. */
export const createEgressService = (egress: Pick<Egress, "entries" | "isOffline">): ServerDeps["egress"] => ({
  list({ reason, outcome, since, cursor, limit }) {
    const found = egress
      .entries()
      .filter(
        (entry) =>
          (reason === undefined || entry.reason === reason) &&
          (outcome === undefined || entry.outcome === outcome) &&
          (since === undefined || entry.at >= since),
      )
    // Ids grow with time: a page goes on below the last one it showed, whatever was added meanwhile.
    const rest = cursor === undefined ? found : found.filter(({ id }) => id < cursor)
    const items = rest.slice(0, limit)
    const sent = found.filter((entry) => entry.outcome !== "refused")
    const sum = (bytes: "sentBytes" | "receivedBytes"): number =>
      sent.reduce((total, entry) => total + (entry[bytes] ?? 0), 0)
    return {
      isOffline: egress.isOffline(),
      totals: {
        connections: sent.length,
        refused: found.length - sent.length,
        sentBytes: sum("sentBytes"),
        receivedBytes: sum("receivedBytes"),
      },
      items,
      next: rest.length > limit ? (items.at(-1)?.id ?? null) : null,
    }
  },
})
