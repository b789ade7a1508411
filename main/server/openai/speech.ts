import { z } from "zod"
import { speechFormats, type Voice } from "#contract/audio.ts"
import type { OpenAiSpeechRequest } from "#contract/openai.ts"
import type { Actor } from "#core/actor.ts"
import type { ServerDeps } from "../deps.ts"
import type { RequestInfo } from "../handlers.ts"
import { badParameter } from "./openAiErrors.ts"
import { checkModelOfRole } from "./openAiModels.ts"
import type { OpenAiReply } from "./openAiReply.ts"

/** Voices that stock clients name. Each stands for a local voice, the same one every time. */
const stockVoices = [
  "alloy",
  "ash",
  "ballad",
  "cedar",
  "coral",
  "echo",
  "fable",
  "marin",
  "nova",
  "onyx",
  "sage",
  "shimmer",
  "verse",
]

const format = z.enum(speechFormats)

/** `POST /v1/audio/speech`. Reference: https://platform.openai.com/docs/api-reference/audio/createSpeech */
export async function createSpeech(
  body: OpenAiSpeechRequest,
  { actor, signal }: RequestInfo,
  deps: Pick<ServerDeps, "speech" | "models">,
): Promise<OpenAiReply> {
  if (body.input.trim() === "") throw badParameter("input", "`input` is empty.")
  const parsedFormat = format.safeParse(body.response_format ?? "mp3")
  if (!parsedFormat.success)
    throw badParameter("response_format", `\`response_format\` is ${speechFormats.join(", ")}.`)
  const speed = body.speed ?? 1
  if (speed < 0.5 || speed > 2) throw badParameter("speed", "`speed` is .5 to 2 here.")
  const streamFormat = body.stream_format ?? "audio"
  if (streamFormat !== "audio" && streamFormat !== "sse")
    throw badParameter("stream_format", "`stream_format` is audio or sse.")
  await checkModelOfRole(body.model, "tts", deps)
  const voice = await localVoice(actor, typeof body.voice === "object" ? body.voice?.id : body.voice, deps)
  const speech = await deps.speech.speak(
    actor,
    { text: body.input, speed, format: parsedFormat.data, ...(voice === undefined ? {} : { voice }) },
    signal,
  )
  if (streamFormat === "sse") return { kind: "events", events: audioEvents(speech.bytes), isClosedByDone: false }
  return { kind: "bytes", reply: { contentType: speech.contentType, body: speech.bytes } }
}

/** An installed voice by id, or the one a stock name stands for. Undefined: the default voice. */
async function localVoice(
  actor: Actor,
  name: string | undefined | null,
  deps: Pick<ServerDeps, "speech">,
): Promise<string | undefined> {
  if (name === undefined || name === null || name === "") return undefined
  const { voices } = await deps.speech.voices(actor)
  const installed = voices.filter((voice) => voice.isInstalled)
  if (installed.some((voice) => voice.id === name)) return name
  const place = stockVoices.indexOf(name.toLowerCase())
  if (place < 0) throw badParameter("voice", "There is no such voice. GET /v1/audio/voices lists them.")
  return installed.length === 0 ? undefined : installed[place % installed.length]?.id
}

async function* audioEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  for await (const chunk of bytes) yield { type: "speech.audio.delta", audio: Buffer.from(chunk).toString("base64") }
  yield { type: "speech.audio.done", usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } }
}

/** `GET /v1/audio/voices`, as several local servers offer it. */
export const listVoices = async (actor: Actor, deps: Pick<ServerDeps, "speech">): Promise<unknown> => {
  const { voices } = await deps.speech.voices(actor)
  return {
    object: "list",
    data: voices
      .filter((voice) => voice.isInstalled)
      .map((voice: Voice) => ({
        id: voice.id,
        object: "voice",
        name: voice.name,
        language: voice.language,
        model: voice.model,
        is_default: voice.isDefault,
      })),
  }
}
