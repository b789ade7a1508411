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
const targetMs = 1200

/** Without the quiet after the last word: 40 dB below the loudest 20 ms. */
function toLastWord(samples: Float32Array): Float32Array {
  const block = uplinkSampleRate / 50
  const loudness = Array.from({ length: Math.floor(samples.length / block) }, (_, index) =>
    samples.subarray(index * block, (index + 1) * block).reduce((sum, sample) => sum + sample * sample, 0),
  )
  const loudest = Math.max(...loudness)
  return samples.slice(0, (loudness.findLastIndex((sum) => sum > loudest / 10_000) + 1) * block)
}

const middle = (values: readonly number[], share: number): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? "none" : `${value.toFixed(0)} ms`
}

/**
 * Recorded questions to the whole core over the socket, each once with quick answers and once without, in turn: from key up to the
 * first sound. Each is spoken at its own pace and ends with its last word, where the key goes up.
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
      const { turn } = await socketTurn(client, toLastWord(samples), [collectionId], signal, { isLive: true })
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
  const inTime = waits.quick.filter((wait) => wait <= targetMs).length
  console.log(
    `first sound after the last word, ${asked} recorded questions: quick answer in ${targetMs} ms or less ${inTime} of ${waits.quick.length}; p50 ${middle(waits.quick, 0.5)}, p95 ${middle(waits.quick, 0.95)} (${waits.quick.length} of ${asked}); composed p50 ${middle(waits.composed, 0.5)}, p95 ${middle(waits.composed, 0.95)} (${waits.composed.length})`,
  )
}
