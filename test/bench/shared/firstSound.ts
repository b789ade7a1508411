import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { readAudioFile } from "#app/audioFiles.ts"
import { bootCore } from "#app/bootCore.ts"
import { createClient } from "#cli/client.ts"
import { ingestPath } from "#cli/ingest.ts"
import { socketTurn } from "#cli/socketTurn.ts"
import { uplinkSampleRate } from "#contract/socket.ts"
import { loadConfig } from "#core/config.ts"
import { modelsDir } from "../../models/modelFiles.ts"

const speech = new URL("../../fixtures/speech/", import.meta.url)
const middle = (values: readonly number[], share: number): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? "none" : `${value.toFixed(0)} ms`
}

/**
 * Recorded questions to the whole core over the socket, each once with quick answers and once without, in turn: from key up to the
 * first sound. The whole recording is sent at once, so no word of it was transcribed while it was spoken.
 */
export async function measureFirstSound(): Promise<void> {
  const signal = new AbortController().signal
  const dataDir = await mkdtemp(join(tmpdir(), "zenglow-first-sound-"))
  const core = await bootCore(loadConfig({ dataDir, modelsDir, port: 0, offline: true, logLevel: "error" }, {}))
  const waits = { quick: [] as number[], composed: [] as number[] }
  let asked = 0
  try {
    const client = createClient(core.baseUrl, core.apiKey, { isOwn: true })
    const { collectionId } = await ingestPath(client, fileURLToPath(new URL("household", speech)), undefined, signal)
    const questions = JSON.parse(await readFile(new URL("questions.json", speech), "utf8")) as { file: string }[]
    const ask = async (file: string, quickAnswers: boolean) => {
      await client.api("PATCH /api/settings", { body: { quickAnswers } }, signal)
      const samples = await readAudioFile(fileURLToPath(new URL(file, speech)), uplinkSampleRate, signal)
      const { turn } = await socketTurn(client, samples, [collectionId], signal)
      const firstMs = turn.timings.find(({ name }) => name === "first-audio")?.endMs
      return { isQuick: turn.quick !== null, firstMs }
    }
    // Models load with the first turns; those are no part of any figure.
    for (const isOn of [true, false]) await ask(questions[0]?.file ?? "", isOn)
    for (const { file } of questions) {
      asked++
      const withQuick = await ask(file, true)
      const without = await ask(file, false)
      if (without.firstMs !== undefined) waits.composed.push(without.firstMs)
      if (withQuick.isQuick && withQuick.firstMs !== undefined) waits.quick.push(withQuick.firstMs)
    }
  } finally {
    await core.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  console.log(
    `first sound after key up, ${asked} recorded questions: quick answer p50 ${middle(waits.quick, 0.5)}, p95 ${middle(waits.quick, 0.95)} (${waits.quick.length} of ${asked}); composed p50 ${middle(waits.composed, 0.5)}, p95 ${middle(waits.composed, 0.95)} (${waits.composed.length})`,
  )
}
