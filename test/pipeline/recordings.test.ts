import { describe, expect, it } from "vitest"
import { createTranscriber } from "#app/transcriber.ts"
import { ownerActor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { chunkDocument } from "#rag/chunk.ts"
import { createDocumentReader, type Transcribe } from "#rag/createDocumentReader.ts"
import type { ParsedDocument } from "#rag/parse/contract.ts"
import type { Parser } from "#rag/parse/createParser.ts"

const signal = new AbortController().signal
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1")
const wav = bytesOf("RIFF....WAVEfmt ")
const parsed: ParsedDocument = {
  kind: "txt",
  title: "t",
  text: "t",
  pages: [],
  pageCount: null,
  sections: [],
  units: [],
}
const parser: Parser = { parse: async () => parsed, close: async () => {} }
const says =
  (...segments: [startMs: number, endMs: number, text: string][]): Transcribe =>
  async () => ({ segments: segments.map(([startMs, endMs, text]) => ({ startMs, endMs, text })) })
const read = (fileName: string, bytes: Uint8Array, transcribe: Transcribe) =>
  createDocumentReader({ parser, pictureParser: parser, transcribe, recognition: async () => null }).parse(
    { fileName, bytes },
    signal,
  )

describe("recordings", () => {
  it("become text whose pieces know when they are spoken; a long silence is a new paragraph", async () => {
    const heard = says(
      [500, 2000, "Shut the valve."],
      [2100, 4000, " Then wait. "],
      [4100, 4200, ""],
      [20_000, 21_000, "Open it."],
    )
    const document = await read("Boiler_talk.wav", wav, heard)
    expect(document).toMatchObject({
      kind: "audio",
      title: "Boiler talk",
      text: "Shut the valve.\nThen wait.\n\nOpen it.",
      times: [
        { start: 0, startMs: 500, endMs: 2000 },
        { start: 16, startMs: 2100, endMs: 4000 },
        { start: 28, startMs: 20_000, endMs: 21_000 },
      ],
    })
    expect(document.units).toHaveLength(3)
  })

  it("say who spoke: each turn begins with a name, and every passage of it carries that name", async () => {
    const spoken = [
      { startMs: 0, endMs: 3000, text: "The boiler is serviced in October.", speaker: "Ada" },
      { startMs: 3100, endMs: 3500, text: "Yes." },
      { startMs: 3600, endMs: 8000, text: "By whom?", speaker: null },
      { startMs: 8100, endMs: 12_000, text: "By the people from Kessler.", speaker: "Ada" },
    ]
    const document = await read("Boiler talk.wav", wav, async () => ({ segments: spoken }))
    expect(document.text).toBe(
      "Ada: The boiler is serviced in October.\nYes.\n\nUnknown voice: By whom?\n\nAda: By the people from Kessler.",
    )
    const count = async (texts: readonly string[]) => texts.map((text) => text.split(" ").length)
    // Passages so short that each is one turn, or less.
    const chunks = await chunkDocument(document, count, { targetTokens: 6, overlapTokens: 0 })
    const of = (words: string) => chunks.find(({ text }) => text.includes(words))
    expect(of("October")?.headingPath).toEqual(["Ada"])
    expect(of("By whom")?.headingPath).toEqual([])
    expect(of("Kessler")?.headingPath).toEqual(["Ada"])
  })

  it("are heard on behalf of whoever added them, and never name a voice in the parser's child", async () => {
    const asked: unknown[] = []
    const reader = createDocumentReader({
      parser: {
        async parse(input) {
          asked.push(input)
          return parsed
        },
        close: async () => {},
      },
      pictureParser: parser,
      async transcribe({ actor }) {
        asked.push(actor)
        return { segments: [{ startMs: 0, endMs: 1, text: "Words." }] }
      },
      recognition: async () => null,
    })
    await reader.parse({ fileName: "a.wav", bytes: wav, actor: ownerActor }, signal)
    await reader.parse({ fileName: "a.txt", bytes: bytesOf("Plain."), actor: ownerActor }, signal)
    expect(asked[0]).toBe(ownerActor)
    expect(asked[1]).not.toHaveProperty("actor")
  })

  it("are labelled only where a known voice speaks, and a short word goes to whoever is speaking", async () => {
    const segments = [
      { startMs: 0, endMs: 4000, text: "One." },
      { startMs: 4000, endMs: 4600, text: "Two." },
      { startMs: 5000, endMs: 9000, text: "Three." },
    ]
    const heard = (names: (string | null)[]) =>
      createTranscriber({
        codecs: { decodeAudio: async () => ({ samples: new Float32Array(16) }) } as never,
        speechToText: async () => ({ transcribe: async () => ({ segments }) }) as never,
        namesOf: async () => names,
      })({ bytes: wav, fileName: "a.wav", actor: ownerActor }, signal)
    expect((await heard(["Ada", null, null])).segments.map(({ speaker }) => speaker)).toEqual(["Ada", undefined, null])
    for (const none of [[], [null, null, null]])
      expect((await heard(none)).segments.every((segment) => !("speaker" in segment))).toBe(true)
  })

  it("are told by their bytes; what only calls itself sound goes to the parser", async () => {
    const heard = says([0, 1, "Words."])
    const sounds: [string, Uint8Array][] = [
      ["a.txt", wav],
      ["a.bin", bytesOf("fLaC")],
      ["a.ogg", bytesOf("OggS")],
      ["a.mp3", bytesOf("ID3\u0003")],
      ["a.mp3", bytesOf("\u00ff\u00fb\u0090")],
      ["a.m4a", bytesOf("....ftypM4A ")],
      ["a.webm", bytesOf("\u001aE\u00df\u00a3")],
    ]
    for (const [fileName, bytes] of sounds)
      expect([fileName, (await read(fileName, bytes, heard)).kind]).toEqual([fileName, "audio"])
    // A buffer of its own, as a file that is read gets one: nothing lies behind its last byte.
    for (const [fileName, text] of [
      ["song.mp3", "Plain words."],
      ["a.txt", "\u00ff\u00fb latin"],
      ["a.mp4", "....ftypisom"],
      ["a.txt", ""],
      ["a.txt", "42"],
      ["a.txt", "42 m"],
    ] as const)
      expect([fileName, (await read(fileName, Uint8Array.from(bytesOf(text)), heard)).kind]).toEqual([fileName, "txt"])
  })

  it("without speech, damaged or too long are reported as documents; a missing model keeps its own remedy", async () => {
    await expect(read("a.wav", wav, says())).rejects.toMatchObject({ code: "document.no-text" })
    const failing =
      (code: "audio.damaged" | "audio.too-long" | "audio.unsupported" | "model.missing"): Transcribe =>
      async () => {
        throw new AppError(code, "No.", { remedy: "Do this." })
      }
    const cases = [
      ["audio.damaged", "document.damaged"],
      ["audio.too-long", "document.too-large"],
      ["audio.unsupported", "document.unsupported"],
      ["model.missing", "model.missing"],
    ] as const
    for (const [thrown, told] of cases)
      await expect(read("a.wav", wav, failing(thrown))).rejects.toMatchObject({ code: told, remedy: "Do this." })
  })
})
