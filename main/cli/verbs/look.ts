import type { Cli, GlobalOptions } from "../cli.ts"
import { exitCode, printResult } from "../output.ts"

interface LookOptions extends GlobalOptions {
  limit: string
}

const time = (at: number): string => new Date(at).toISOString()

/** What happened, as a core that runs tells it: `logs`, `traces` and `timeline`. */
export function addLookVerbs({ verb, withCore }: Cli): void {
  verb("logs", "the latest lines of the log")
    .option("--limit <n>", "lines, at most 1000", "50")
    .option("--level <level>", "from this level on: debug, info, warn or error")
    .option("--text <words>", "only lines with these words")
    .option("--request <id>", "only lines of this request or turn")
    .action(
      withCore<[], LookOptions & { level?: "debug" | "info" | "warn" | "error"; text?: string; request?: string }>(
        async (client, _, { limit, level, text, request, json = false }, signal) => {
          const logs = await client.api("GET /logs/recent", { query: { limit, level, text, request } }, signal)
          printResult(logs, json, () =>
            logs.lines.map((line) => `${time(line.ts)}  ${line.level.padEnd(5)}  ${line.msg}`).join("\n"),
          )
          return exitCode.done
        },
      ),
    )
  verb("traces", "how long the latest turns took")
    .option("--limit <n>", "turns, at most 200", "20")
    .action(
      withCore<[], LookOptions>(async (client, _, { limit, json = false }, signal) => {
        const traces = await client.api("GET /api/traces", { query: { limit } }, signal)
        printResult(traces, json, () =>
          traces.items
            .map(({ startedAt, durationMs, turnId, model }) =>
              [time(startedAt), `${Math.round(durationMs)} ms`.padStart(10), model ?? "", turnId].join("  "),
            )
            .join("\n"),
        )
        return exitCode.done
      }),
    )
  verb("timeline", "what happened: documents, turns, models, people, backups")
    .option("--limit <n>", "events, at most 200", "50")
    .option("--kind <kind>", "document, turn, model, build, people, backup or system")
    .action(
      withCore<[], LookOptions & { kind?: "document" }>(async (client, _, { limit, kind, json = false }, signal) => {
        const timeline = await client.api("GET /api/timeline", { query: { limit, kind } }, signal)
        printResult(timeline, json, () =>
          timeline.items
            .map(({ at, event, outcome, count, title }) =>
              [time(at), outcome.padEnd(7), event.padEnd(22), `${title ?? ""}${count > 1 ? ` (${count})` : ""}`]
                .join("  ")
                .trimEnd(),
            )
            .join("\n"),
        )
        return exitCode.done
      }),
    )
}
