import { extname } from "node:path"
import { kindOfName } from "#contract/documentKinds.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { ParsedDocument, ParseInput, TextSection, TextUnit } from "./parse/contract.ts"
import type { FileToRead, Parser } from "./parse/createParser.ts"
import { layoutSpeech, type SpeakerTurn, type SpokenPiece } from "./parse/layoutSpeech.ts"
import { pictureType } from "./parse/pictures/pictureHeader.ts"
import { unitsOf } from "./parse/units.ts"

/** Speech of a recording, with names where voices of this person's household are known. Throws `audio.*`, and `model.missing` without a speech-to-text model. */
export type Transcribe = (
  file: { bytes: Uint8Array; fileName: string; actor?: Actor | undefined },
  signal: AbortSignal,
) => Promise<{ segments: SpokenPiece[] }>

export interface DocumentReaderDeps {
  parser: Parser
  /** A child of its own for pictures and scans: they take long, and keep the other files waiting nowhere else. */
  pictureParser: Parser
  transcribe: Transcribe
  /** The installed data for text recognition, gzipped. Null: none is installed. */
  recognition(signal: AbortSignal): Promise<Uint8Array | null>
}

/** Reads every kind of file: recordings by speech-to-text, all others in the parser children. */
export function createDocumentReader({ parser, pictureParser, transcribe, recognition }: DocumentReaderDeps): Parser {
  const readPicture: Parser["parse"] = async (input, signal) => {
    const data = (await recognition(signal)) ?? undefined
    return (data ? pictureParser : parser).parse({ ...input, recognition: data }, signal)
  }
  return {
    async parse({ actor, ...input }, signal) {
      if (isRecording(input)) return readRecording({ ...input, actor }, transcribe, signal)
      if (pictureType(input.bytes) !== null) return readPicture(input, signal)
      try {
        return await parser.parse(input, signal)
      } catch (error) {
        const isScan = error instanceof AppError && error.code === "document.no-text" && begins(input.bytes, 0, "%PDF-")
        if (!isScan || (await recognition(signal)) === null) throw error
        return readPicture(input, signal)
      }
    },
    async close() {
      await Promise.all([parser.close(), pictureParser.close()])
    },
  }
}

const begins = (bytes: Uint8Array, at: number, text: string): boolean =>
  Buffer.from(bytes.subarray(at, at + text.length)).toString("latin1") === text

/** Sound by name, or plainly by its first bytes; a text that calls itself `song.mp3` is none. */
function isRecording({ bytes, fileName }: ParseInput): boolean {
  const isSoundByBytes =
    (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WAVE")) ||
    ["fLaC", "OggS", "ID3"].some((mark) => begins(bytes, 0, mark)) ||
    begins(bytes, 4, "ftypM4A")
  const [first = 0, second = 0] = bytes
  const isFrame = first === 0xff && (second & 0xe0) === 0xe0
  const isContainer = begins(bytes, 4, "ftyp") || begins(bytes, 0, "\u001aE\u00df\u00a3")
  return isSoundByBytes || (kindOfName(fileName) === "audio" && (isFrame || isContainer))
}

async function readRecording(input: FileToRead, transcribe: Transcribe, signal: AbortSignal): Promise<ParsedDocument> {
  const { segments } = await transcribe(input, signal).catch((error: unknown) => {
    throw asDocumentError(error)
  })
  const { text, times, turns } = layoutSpeech(segments)
  if (text === "") {
    throw new AppError("document.no-text", "No speech was heard in the recording.", {
      remedy: "Add a recording in which somebody speaks.",
    })
  }
  const title = input.fileName.slice(0, input.fileName.length - extname(input.fileName).length)
  return {
    kind: "audio",
    title: title.replace(/[_-]+/g, " ").trim() || input.fileName,
    text,
    pages: [],
    pageCount: null,
    times,
    datedAt: null,
    ...bySpeaker(unitsOf(text), turns),
  }
}

/** Each turn is a section under its speaker's name: so every passage of it, and what cites it, says who spoke. */
function bySpeaker(
  { sections, units }: { sections: TextSection[]; units: TextUnit[] },
  turns: readonly SpeakerTurn[],
): { sections: TextSection[]; units: TextUnit[] } {
  if (turns.length === 0) return { sections, units }
  const before = sections.slice(0, 1)
  return {
    sections: [
      ...before,
      ...turns.map(({ start, speaker }) => ({ headingPath: speaker === null ? [] : [speaker], start })),
    ],
    units: units.map((unit) => ({
      ...unit,
      section: before.length + turns.findLastIndex(({ start }) => start <= unit.start),
    })),
  }
}

/** What is wrong with the recording is the document's fault; a missing model is not, and keeps its own code and remedy. */
function asDocumentError(error: unknown): unknown {
  if (!(error instanceof AppError) || !error.code.startsWith("audio.")) return error
  const code = ({ "audio.too-long": "document.too-large", "audio.unsupported": "document.unsupported" } as const)[
    error.code as "audio.too-long" | "audio.unsupported"
  ]
  return new AppError(code ?? "document.damaged", error.message, {
    remedy: error.remedy ?? "Save it as mp3 or wav and add that.",
    cause: error,
  })
}
