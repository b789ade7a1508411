import type { Transcription, TranscriptionSegment } from "#contract/audio.ts"
import type { TranscriptionFields } from "#contract/openai.ts"
import { createPushQueue } from "#core/queue.ts"
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
  { actor, files, signal }: RequestInfo,
  deps: Pick<ServerDeps, "speech" | "models">,
): Promise<OpenAiReply> {
  const [file] = files
  if (!file || files.length > 1) throw badParameter("file", "Send exactly one recording, in the field `file`.")
  const format = fields.response_format ?? "json"
  if (!["json", "text", "srt", "vtt", "verbose_json"].includes(format))
    throw badParameter("response_format", "`response_format` is json, text, srt, vtt or verbose_json.")
  const granularities = [fields["timestamp_granularities[]"] ?? fields.timestamp_granularities ?? "segment"].flat()
  if (granularities.some((each) => each !== "word" && each !== "segment"))
    throw badParameter("timestamp_granularities", "`timestamp_granularities` is word, segment, or both.")
  if (granularities.includes("word") && format !== "verbose_json")
    throw badParameter("timestamp_granularities", "Times of words need `response_format=verbose_json`.")
  await checkModelOfRole(fields.model, "stt", deps)
  const recording = {
    path: file.path,
    name: file.name,
    isTranslation,
    ...(fields.language ? { language: fields.language } : {}),
    ...(fields.prompt ? { prompt: fields.prompt } : {}),
    ...(isStockName(fields.model, "stt") ? {} : { model: fields.model }),
  }
  const hearAll = (onSegment?: (segment: TranscriptionSegment) => void): Promise<Transcription> =>
    deps.speech.transcribe(actor, { ...recording, ...(onSegment ? { onSegment } : {}) }, signal)
  if (fields.stream === "true" || fields.stream === "1") {
    const events = transcriptEvents(hearAll)
    // A recording that cannot be heard still gets its status: the stream begins with the first words.
    const first = await events.next()
    return { kind: "events", events: startingWith(first, events), isClosedByDone: false }
  }
  const result = await hearAll()
  const task = isTranslation ? "translate" : "transcribe"
  return formatted(result, format, { task, hasWords: granularities.includes("word") })
}

function formatted(
  result: Transcription,
  format: string,
  { task, hasWords }: { task: "transcribe" | "translate"; hasWords: boolean },
): OpenAiReply {
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
          ...(hasWords ? { words: result.segments.flatMap(({ words = [] }) => words) } : {}),
          // Clients require all fields: what an engine does not tell carries a neutral value.
          segments: result.segments.map((segment, id) => ({
            id,
            seek: Math.round(segment.start * 100),
            start: segment.start,
            end: segment.end,
            text: segment.text,
            tokens: [],
            temperature: 0,
            avg_logprob: segment.avg_logprob ?? 0,
            compression_ratio: segment.compression_ratio ?? 1,
            no_speech_prob: segment.no_speech_prob ?? 0,
            ...(segment.speaker === undefined ? {} : { speaker: segment.speaker }),
          })),
          usage,
        },
      }
    default:
      return { kind: "json", value: { text: result.transcript, usage } }
  }
}

/** Each segment as it is heard, then the whole. */
async function* transcriptEvents(
  hearAll: (onSegment: (segment: TranscriptionSegment) => void) => Promise<Transcription>,
): AsyncGenerator<unknown> {
  const segments = createPushQueue<TranscriptionSegment>()
  const whole = hearAll((segment) => segments.push(segment)).finally(() => segments.end())
  // Awaited below, when all that was heard before it failed is told.
  whole.catch(() => undefined)
  let isFirst = true
  for await (const segment of segments) {
    yield { type: "transcript.text.delta", delta: `${isFirst ? "" : " "}${segment.text.trim()}` }
    isFirst = false
  }
  const { transcript, duration_s } = await whole
  yield {
    type: "transcript.text.done",
    text: transcript,
    usage: { type: "duration", seconds: Math.ceil(duration_s) },
  }
}

async function* startingWith(first: IteratorResult<unknown>, rest: AsyncGenerator<unknown>): AsyncGenerator<unknown> {
  if (!first.done) yield first.value
  yield* rest
}

/** `00:00:01,500`, with a comma for SubRip and a point for WebVTT. */
function timecode(seconds: number, separator: "," | "."): string {
  const ms = Math.round(seconds * 1000)
  const part = (value: number, length = 2): string => String(Math.floor(value)).padStart(length, "0")
  return `${part(ms / 3_600_000)}:${part((ms / 60_000) % 60)}:${part((ms / 1000) % 60)}${separator}${part(ms % 1000, 3)}`
}
