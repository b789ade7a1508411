import type { Transcription } from "#contract/audio.ts"
import type { TranscriptionFields } from "#contract/openai.ts"
import type { ServerDeps } from "../deps.ts"
import type { RequestInfo } from "../handlers.ts"
import { badParameter } from "./openAiErrors.ts"
import { checkModelOfRole, isStockName } from "./openAiModels.ts"
import type { OpenAiReply } from "./openAiReply.ts"

/** `POST /v1/audio/transcriptions`. Reference: https://platform.openai.com/docs/api-reference/audio/createTranscription */
export function createTranscription(
  fields: TranscriptionFields,
  info: RequestInfo,
  deps: Pick<ServerDeps, "speech" | "models">,
): Promise<OpenAiReply> {
  return hear(fields, { isTranslation: false }, info, deps)
}

/** `POST /v1/audio/translations`: English text of speech in another language. */
export function createTranslation(
  fields: TranscriptionFields,
  info: RequestInfo,
  deps: Pick<ServerDeps, "speech" | "models">,
): Promise<OpenAiReply> {
  return hear(fields, { isTranslation: true }, info, deps)
}

async function hear(
  fields: TranscriptionFields,
  { isTranslation }: { isTranslation: boolean },
  { files, signal }: RequestInfo,
  deps: Pick<ServerDeps, "speech" | "models">,
): Promise<OpenAiReply> {
  const [file] = files
  if (!file || files.length > 1) throw badParameter("file", "Send exactly one recording, in the field `file`.")
  const format = fields.response_format ?? "json"
  if (!["json", "text", "srt", "vtt", "verbose_json"].includes(format))
    throw badParameter("response_format", "`response_format` is json, text, srt, vtt or verbose_json.")
  if ([fields["timestamp_granularities[]"] ?? fields.timestamp_granularities].flat().includes("word"))
    throw badParameter("timestamp_granularities", "Word timestamps are not supported. Ask for `segment`.")
  await checkModelOfRole(fields.model, "stt", deps)
  const result = await deps.speech.transcribe(
    {
      path: file.path,
      name: file.name,
      isTranslation,
      ...(fields.language ? { language: fields.language } : {}),
      ...(fields.prompt ? { prompt: fields.prompt } : {}),
      ...(isStockName(fields.model, "stt") ? {} : { model: fields.model }),
    },
    signal,
  )
  if (fields.stream === "true" || fields.stream === "1")
    return { kind: "events", events: transcriptEvents(result), isClosedByDone: false }
  return formatted(result, format, isTranslation ? "translate" : "transcribe")
}

function formatted(result: Transcription, format: string, task: "transcribe" | "translate"): OpenAiReply {
  const usage = { type: "duration", seconds: Math.ceil(result.duration_s) }
  const text = (body: string, contentType = "text/plain; charset=utf-8"): OpenAiReply => ({
    kind: "bytes",
    reply: { contentType, body },
  })
  switch (format) {
    case "text":
      return text(`${result.transcript}\n`)
    case "srt":
      return text(
        result.segments
          .map(
            (segment, index) =>
              `${index + 1}\n${timecode(segment.start, ",")} --> ${timecode(segment.end, ",")}\n${segment.text.trim()}\n`,
          )
          .join("\n"),
      )
    case "vtt":
      return text(
        `WEBVTT\n\n${result.segments
          .map(
            (segment) => `${timecode(segment.start, ".")} --> ${timecode(segment.end, ".")}\n${segment.text.trim()}\n`,
          )
          .join("\n")}`,
        "text/vtt; charset=utf-8",
      )
    case "verbose_json":
      return {
        kind: "json",
        value: {
          task,
          language: result.language,
          duration: result.duration_s,
          text: result.transcript,
          // The decoder keeps no such figures per segment: clients require the fields, so they carry neutral values.
          segments: result.segments.map((segment, id) => ({
            id,
            seek: Math.round(segment.start * 100),
            start: segment.start,
            end: segment.end,
            text: segment.text,
            tokens: [],
            temperature: 0,
            avg_logprob: 0,
            compression_ratio: 1,
            no_speech_prob: 0,
          })),
          usage,
        },
      }
    default:
      return { kind: "json", value: { text: result.transcript, usage } }
  }
}

async function* transcriptEvents(result: Transcription): AsyncGenerator<unknown> {
  for (const [index, segment] of result.segments.entries())
    yield { type: "transcript.text.delta", delta: `${index > 0 ? " " : ""}${segment.text.trim()}` }
  yield {
    type: "transcript.text.done",
    text: result.transcript,
    usage: { type: "duration", seconds: Math.ceil(result.duration_s) },
  }
}

/** `00:00:01,500`, with a comma for SubRip and a point for WebVTT. */
function timecode(seconds: number, separator: "," | "."): string {
  const ms = Math.round(seconds * 1000)
  const part = (value: number, length = 2): string => String(Math.floor(value)).padStart(length, "0")
  return `${part(ms / 3_600_000)}:${part((ms / 60_000) % 60)}:${part((ms / 1000) % 60)}${separator}${part(ms % 1000, 3)}`
}
