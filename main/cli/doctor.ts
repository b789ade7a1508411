import type { Client } from "./client.ts"
import { exitCode, printResult } from "./output.ts"

const marks = { ok: "ok     ", warning: "warning", error: "ERROR  ", "not-run": "not run" } as const

/** `doctor`: every check with a stable code and a remedy. Exit code 1 when one of them is an error. */
export async function doctor(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
  const result = await client.api("GET /diagnostics/doctor", {}, signal)
  printResult(result, json, () =>
    result.findings
      .map(
        (finding) =>
          `${marks[finding.status]}  ${finding.code.padEnd(22)} ${finding.message}${finding.remedy ? `\n         → ${finding.remedy}` : ""}`,
      )
      .join("\n"),
  )
  return result.ok ? exitCode.done : exitCode.failed
}
