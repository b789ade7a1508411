import { readFile, writeFile } from "node:fs/promises"
import { basename, extname } from "node:path"
import { speechFormats } from "#contract/audio.ts"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { exitCode, printResult } from "./output.ts"

/** `transcribe FILE`. */
export async function transcribe(client: Client, path: string, json: boolean, signal: AbortSignal): Promise<number> {
  await ensureModels(client, ["vad", "stt"], signal)
  const result = await client.api("POST /audio/transcribe", { fields: {}, files: [await readAudio(path)] }, signal)
  printResult(result, json, () => result.transcript)
  return exitCode.done
}

/** `say TEXT --out FILE`: the format follows the file's extension. */
export async function say(
  client: Client,
  text: string,
  options: { out: string; voice?: string; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  const format = speechFormats.find((name) => name === extname(options.out).slice(1).replace("ogg", "opus"))
  if (!format)
    throw new AppError(
      "request.invalid",
      `${extname(options.out) || "No extension"} is not a sound format ZenGlow writes.`,
      { remedy: `Use one of: ${speechFormats.join(", ")}.` },
    )
  await ensureModels(client, ["tts"], signal)
  const bytes = await client.bytes("POST /audio/tts", { body: { text, voice: options.voice, format } }, signal)
  await writeFile(options.out, bytes)
  printResult({ out: options.out, sizeBytes: bytes.length, format }, options.json, () => `Wrote ${options.out}.`)
  return exitCode.done
}

/** `voices`. */
export async function voices(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
  const result = await client.api("GET /audio/tts/voices", {}, signal)
  printResult(result, json, () =>
    result.voices
      .map(
        (voice) =>
          `${voice.id.padEnd(24)} ${voice.language.padEnd(8)} ${voice.name}${voice.isInstalled ? "" : " (not installed)"}`,
      )
      .join("\n"),
  )
  return exitCode.done
}

export async function readAudio(path: string): Promise<File> {
  try {
    return new File([await readFile(path)], basename(path))
  } catch (cause) {
    throw new AppError("request.invalid", `${basename(path)} cannot be read.`, {
      remedy: "Check the path and its permissions.",
      cause,
    })
  }
}
