import { writeFile } from "node:fs/promises"
import type { DoctorFinding } from "#contract/ops.ts"
import type { Client } from "./client.ts"
import { exitCode, formatBytes, note, printResult } from "./output.ts"

const marks = { ok: "ok     ", warning: "warning", error: "ERROR  ", "not-run": "not run" } as const

export interface DoctorOptions {
  json: boolean
  /** Leaves out what reads or loads whole models. */
  quick?: boolean
  only?: string
}

/** `doctor`: every check with a stable code and a remedy. Exit code 1 when one of them is an error. */
export async function doctor(client: Client, options: DoctorOptions, signal: AbortSignal): Promise<number> {
  const query = { quick: String(options.quick ?? false), only: options.only }
  const { findings } = await client.api("GET /diagnostics/doctor", { query }, signal)
  return tellFindings(findings, options.json)
}

/** Prints findings; exit code 1 when one is an error. */
export function tellFindings(findings: readonly DoctorFinding[], json: boolean): number {
  const ok = findings.every(({ status }) => status !== "error")
  printResult({ findings, ok }, json, () => findings.map(findingText).join("\n"))
  return ok ? exitCode.done : exitCode.failed
}

const findingText = (finding: DoctorFinding): string =>
  `${marks[finding.status]}  ${finding.code.padEnd(22)} ${finding.message}${finding.remedy ? `\n         → ${finding.remedy}` : ""}`

/** `doctor --bundle FILE`: what somebody who helps needs, as a zip; without a file name, what would be in it. */
export async function supportBundle(
  client: Client,
  options: { json: boolean; file: string | null; hide?: string },
  signal: AbortSignal,
): Promise<number> {
  const query = { hide: options.hide }
  const preview = await client.api("GET /diagnostics/bundle/preview", { query }, signal)
  if (options.file === null) {
    printResult(preview, options.json, () => preview.files.map(({ name, text }) => `── ${name}\n${text}`).join("\n"))
    return exitCode.done
  }
  const bytes = await client.bytes("GET /diagnostics/bundle", { query }, signal)
  await writeFile(options.file, bytes, { mode: 0o600 })
  const result = {
    file: options.file,
    sizeBytes: bytes.length,
    files: preview.files.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    hidden: preview.hidden,
  }
  printResult(result, options.json, () =>
    [
      `${options.file} (${formatBytes(bytes.length)}). Look at it before you send it; ZenGlow sends nothing.`,
      ...result.files.map(({ name, sizeBytes }) => `  ${name.padEnd(24)} ${formatBytes(sizeBytes)}`),
      ...result.hidden.map(({ word, count }) => `  “${word}” taken out ${count} ×`),
    ].join("\n"),
  )
  return exitCode.done
}

/** `doctor --inject`: makes each fault in a folder of its own, shows that doctor finds it and that its remedy helps. */
export async function drill(options: { json: boolean; only?: string }, signal: AbortSignal): Promise<number> {
  const { faults, runDrill } = await import("#app/drill/runDrill.ts")
  const { only = "" } = options
  const chosen = faults.filter(({ name, code }) => code === only || name.includes(only))
  const results = []
  for await (const result of runDrill(chosen, signal)) {
    results.push(result)
    if (options.json || !result.found) continue
    const { found, isDetected, isHealed } = result
    note(
      `${isDetected ? "found " : "MISSED"}  ${isHealed ? "healed    " : "NOT HEALED"}  ${found.code.padEnd(20)} ${result.name}`,
    )
    note(`        ${found.message}\n        → ${found.remedy ?? ""}`)
  }
  const run = results.filter(({ found }) => found !== null)
  const good = run.filter(({ isDetected, isHealed }) => isDetected && isHealed)
  printResult(
    { faults: run.length, detected: run.filter(({ isDetected }) => isDetected).length, healed: good.length, results },
    options.json,
    () =>
      `${run.length} faults, ${good.length} found and healed${run.length < results.length ? `, ${results.length - run.length} not run on this platform` : ""}.`,
  )
  return good.length === run.length ? exitCode.done : exitCode.failed
}
