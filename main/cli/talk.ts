import { readAudioFile, writeWavFile } from "#app/audioFiles.ts"
import type { ErrorCode } from "#contract/errors.ts"
import { downlinkSampleRate, uplinkSampleRate } from "#contract/socket.ts"
import { AppError } from "#core/errors.ts"
import { chooseCollections, withMarks } from "./ask.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { awaitDocuments } from "./jobs.ts"
import { exitCode, printResult } from "./output.ts"
import { socketTurn } from "./socketTurn.ts"

/** `talk IN --out OUT.wav`: the whole voice turn over the same socket that the window uses, from file to file. */
export async function talk(
  client: Client,
  path: string,
  options: { out: string; collection?: string; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  const question = await readAudioFile(path, uplinkSampleRate, signal)
  await ensureModels(client, ["vad", "stt", "embedder", "llm", "tts"], signal)
  const collectionIds = await chooseCollections(client, options, signal)
  await awaitDocuments(client, signal)
  const { turn, spoken, speech } = await socketTurn(client, question, collectionIds, signal)
  if (turn.error && turn.text === "")
    throw new AppError(turn.error.code as ErrorCode, turn.error.message, { remedy: turn.error.remedy })
  if (turn.endReason === "no-speech" || turn.question === "")
    throw new AppError("stt.no-speech", "No speech was heard in the file.", {
      remedy: "Check the recording and its level.",
    })
  await writeWavFile(options.out, speech, downlinkSampleRate)
  const stages = turn.timings.map((stage) => ({ name: stage.name, ms: stage.endMs - stage.startMs }))
  printResult({ transcript: turn.question, answer: turn.text, spoken, stages }, options.json, () =>
    [
      `You: ${turn.question}`,
      `ZenGlow: ${withMarks(turn.text, turn.spans)}`,
      "",
      ...stages.map((stage) => `${stage.name.padEnd(14)} ${stage.ms} ms`),
      `Wrote ${options.out}.`,
    ].join("\n"),
  )
  return exitCode.done
}
