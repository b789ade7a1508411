import type { Client } from "./client.ts"
import { exitCode, note, printResult } from "./output.ts"

/** `feedback show|forget`: what clicks and thumbs taught the ranking. */
export const feedback = {
  async show(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
    const counts = await client.api("GET /rag/feedback", {}, signal)
    printResult(counts, json, () => {
      const events = Object.entries(counts.events).filter(([, count]) => count > 0)
      if (counts.queries === 0) return "Nothing was learned yet."
      const since = counts.since === null ? "" : ` since ${new Date(counts.since).toLocaleDateString()}`
      const done = events.map(([event, count]) => `${event} ${count}`).join(", ")
      return `${counts.queries} questions${since}: ${done || "nothing was done with their sources"}.`
    })
    return exitCode.done
  },

  async forget(client: Client, isConfirmed: boolean, json: boolean, signal: AbortSignal): Promise<number> {
    if (!isConfirmed) {
      note("This erases what ZenGlow learned from your clicks, and cannot be undone. Repeat with --yes.")
      return exitCode.wrongUse
    }
    const gone = await client.api("DELETE /rag/feedback", { query: { confirm: "all" } }, signal)
    printResult(gone, json, () => `Forgotten: ${gone.events} clicks and ratings over ${gone.queries} questions.`)
    return exitCode.done
  },
}
