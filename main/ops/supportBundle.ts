import { hostname, userInfo } from "node:os"
import type { SupportFile } from "#contract/support.ts"
import { maskPersonalData } from "#core/pii/maskPersonalData.ts"
import { redact, redactFields } from "#core/redact.ts"
import { createDiagnostics, type DiagnosticsDeps } from "./diagnostics.ts"
import type { DoctorDeps } from "./doctor/doctorDeps.ts"
import { runDoctor } from "./doctor/runDoctor.ts"
import { createHealth, type HealthDeps } from "./health.ts"
import type { LogBuffer } from "./logBuffer.ts"
import type { MetricHistory } from "./metricHistory.ts"
import type { Metrics } from "./metrics.ts"

export interface SupportBundleDeps {
  health: HealthDeps
  diagnostics: DiagnosticsDeps
  doctor: DoctorDeps
  metrics: Metrics
  history: MetricHistory
  logs: LogBuffer
  /** Takes known secrets out of a text. */
  mask(text: string): string
}

export interface SupportBundle {
  files: SupportFile[]
  /** How often each word was taken out. */
  hidden: { word: string; count: number }[]
}

/** From `info` on: what is said at `debug` may quote what was asked. */
const logLines = 1000
const historyPoints = 240
/** Shorter names of machines and users would hide ordinary words. */
const shortestName = 4

/**
 * What somebody else needs to find out what is wrong: findings, versions, measurements, the log. No documents, no chats, no keys; secrets,
 * home folder, user and machine name, and the words that the person names, are taken out of every file on the way.
 */
export function createSupportBundle(deps: SupportBundleDeps) {
  const diagnostics = createDiagnostics(deps.diagnostics)
  const health = createHealth(deps.health)
  return async (words: readonly string[], signal: AbortSignal): Promise<SupportBundle> => {
    const findings = []
    for await (const finding of runDoctor(deps.doctor, { isQuick: true }, signal)) findings.push(finding)
    const { lines } = deps.logs.recent({ limit: logLines, level: "info" })
    const contents: Record<string, unknown> = {
      "findings.json": findings,
      "summary.json": await diagnostics(),
      "health.json": await health.aggregated(signal),
      "metrics.json": await deps.metrics.frame(),
      "metrics-history.json": deps.history.list({ points: historyPoints }),
      "configuration.json": deps.diagnostics.configuration(),
    }
    const texts = Object.entries(contents).map(([name, value]): [string, string] => [
      name,
      `${JSON.stringify(redactDeep(value), null, 2)}\n`,
    ])
    texts.push(["log.jsonl", lines.map((line) => `${JSON.stringify(redactDeep(line))}\n`).join("")])
    const hidden = words.map((word) => ({ word, count: 0 }))
    const files = texts.map(([name, text]) => {
      const clean = withoutWords(withoutNames(maskPersonalData(deps.mask(text), "support").text), hidden)
      return { name, text: clean, sizeBytes: Buffer.byteLength(clean) }
    })
    const readme = readmeOf(files.map(({ name }) => name))
    return { files: [{ name: "README.txt", text: readme, sizeBytes: Buffer.byteLength(readme) }, ...files], hidden }
  }
}

function redactDeep(value: unknown): unknown {
  if (typeof value === "string") return redact(value)
  if (Array.isArray(value)) return value.map(redactDeep)
  if (typeof value === "object" && value !== null) return redactFields(value as Record<string, unknown>)
  return value
}

function withoutNames(text: string): string {
  const names: [string, string][] = [
    [userInfo().username, "[user]"],
    [hostname(), "[machine]"],
  ]
  return names
    .filter(([name]) => name.length >= shortestName)
    .reduce((clean, [name, mark]) => clean.replaceAll(wholeWord(name), mark), text)
}

function withoutWords(text: string, hidden: { word: string; count: number }[]): string {
  return hidden.reduce((clean, entry) => {
    const inText = JSON.stringify(entry.word).slice(1, -1)
    return clean.replaceAll(new RegExp(escaped(inText), "gi"), () => {
      entry.count++
      return "[hidden]"
    })
  }, text)
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
const wholeWord = (name: string): RegExp => new RegExp(`(?<![\\w-])${escaped(name)}(?![\\w-])`, "g")

const readmeOf = (names: readonly string[]): string =>
  `What ZenGlow says of itself, for somebody who helps. Made on this machine, sent by nobody but you.

Taken out: keys, passwords and other secrets; the home folder; the names of the user and of the machine; e-mail and network
addresses, account, card and identity numbers; the words you named.
Never in it: documents, memories, and what was asked and answered in writing. Voices only if you asked for them: then there is a folder
"sound" with your last spoken questions.

${names.join("\n")}
`
