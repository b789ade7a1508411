import type { audioRoutes } from "#contract/audio.ts"
import { AppError } from "#core/errors.ts"
import type { ServerDeps, SpeechFormat, SpeechService, SpokenSound, UploadedFile } from "../deps.ts"
import type { BytesReply, HandlersFor, RequestInfo } from "../handlers.ts"

interface SpeakBody {
  text: string
  voice?: string
  speed: number
  format: SpeechFormat
  stream: boolean
}

const statusKeptMs = 5000

export const audioHandlers = ({
  speech,
  rag,
  clock,
}: Pick<ServerDeps, "speech" | "rag" | "clock">): HandlersFor<typeof audioRoutes> => {
  const transcribe = (
    { body }: { body: { language?: string; prompt?: string } },
    { actor, files, signal }: RequestInfo,
  ) => speech.transcribe(actor, { ...onlyFile(files), language: body.language, prompt: body.prompt }, signal)

  const speak = async (body: SpeakBody, info: RequestInfo): Promise<BytesReply> =>
    soundReply(await speech.speak(info.actor, body, info.signal), body, info)

  const think = async (text: string, collectionIds: string[] | undefined, { actor, signal }: RequestInfo) => {
    const start = clock.monotonic()
    const result = await rag.query(
      actor,
      {
        query: text,
        top_k: 10,
        answer: true,
        persona_key: "leonardo",
        ...(collectionIds ? { collection_ids: collectionIds } : {}),
      },
      signal,
    )
    if (result.answer === null) {
      throw new AppError("engine.failed", "The model could not answer.", {
        remedy: "Try again, or choose another model.",
        cause: new Error(result.answer_meta.errors.join(" ")),
      })
    }
    return {
      text: result.answer,
      model: result.answer_meta.model,
      found: result.found,
      latency_ms: clock.monotonic() - start,
    }
  }

  let measured: { at: number; value: ReturnType<SpeechService["status"]>; timestamp: number } | null = null
  /** Asked as often as a dashboard likes, measured once in a few seconds. */
  const status = async () => {
    if (measured === null || clock.monotonic() - measured.at > statusKeptMs) {
      const value = speech.status()
      value.catch(() => {
        measured = null
      })
      measured = { at: clock.monotonic(), value, timestamp: clock.now() }
    }
    const { value, timestamp } = measured
    return { ...(await value), timestamp }
  }

  return {
    "POST /audio/transcribe": transcribe,
    "POST /leonardo/listen": transcribe,
    "POST /audio/tts": ({ body }, request) => speak(body, request),
    "POST /leonardo/speak": ({ body }, request) => speak(body, request),
    "GET /audio/tts/voices": (_input, { actor }) => speech.voices(actor),
    "POST /leonardo/think": ({ body }, request) => think(body.text, body.collection_ids, request),
    "POST /leonardo/analyze-and-speak": async ({ body }, request) => {
      const { text } = await think(body.text, undefined, request)
      return speak({ text, speed: 1, format: body.format, stream: true }, request)
    },
    "GET /leonardo/status": status,
  }
}

/** Sound as bytes, or as base64 for clients that ask for JSON. A copied voice is named in a header too: bare samples carry no tags. */
export async function soundReply(
  { contentType, bytes, isCloned }: SpokenSound,
  { format, stream }: { format: SpeechFormat; stream: boolean },
  { prefersJson, setHeader }: Pick<RequestInfo, "prefersJson" | "setHeader">,
): Promise<BytesReply> {
  if (isCloned) setHeader("x-synthetic-speech", "cloned-voice")
  if (stream && !prefersJson) return { contentType, body: bytes }
  const whole = await collect(bytes)
  if (!prefersJson) return { contentType, body: whole }
  return {
    contentType: "application/json",
    body: JSON.stringify({
      format,
      content_type: contentType,
      audio: whole.toString("base64"),
      ...(isCloned ? { synthetic: "cloned-voice" } : {}),
    }),
  }
}

/** The one file of a form. */
export function onlyFile(files: UploadedFile[]): UploadedFile {
  const [file] = files
  if (!file || files.length > 1)
    throw new AppError("request.invalid", "Send exactly one file, in the field `file`.", {
      remedy: "Send the recording as multipart/form-data.",
    })
  return file
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}
