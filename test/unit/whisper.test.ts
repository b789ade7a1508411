import { describe, expect, it } from "vitest"
import type { EngineClient } from "#core/host/types.ts"
import type { SpeechContract, WhisperDecoded, WhisperTask } from "#engines/speech/contract.ts"
import { createWhisper } from "#engines/speech/whisper.ts"
import type { SpeechRegion, Vad } from "#engines/types.ts"

const signal = new AbortController().signal
const seconds = (count: number): Float32Array => new Float32Array(count * 16_000).fill(0.1)

const said = (text: string, changes: Partial<WhisperDecoded> = {}): WhisperDecoded => ({
  text,
  segments: [],
  tokens: text.split(" ").map((_, index) => index),
  meanLogProbability: -0.2,
  ended: "end-mark",
  language: "de",
  languageProbability: 0.9,
  noSpeechProbability: 0.01,
  compressionRatio: 1.1,
  ...changes,
})

/** Whisper over a child that answers as told, window by window. */
function listener(answers: WhisperDecoded[], regions: SpeechRegion[], isMultilingual = true) {
  const asked: { task: WhisperTask; seconds: number }[] = []
  const client = {
    onStatus: () => () => {},
    async request(method: string, input: { samples: Float32Array; task: WhisperTask }) {
      if (method !== "whisper.transcribe") return null
      asked.push({ task: input.task, seconds: input.samples.length / 16_000 })
      const answer = answers[asked.length - 1]
      if (!answer) throw new Error("asked too often")
      return answer
    },
  } as unknown as EngineClient<SpeechContract>
  const vad = { load: async () => {}, regions: async () => regions } as unknown as Vad
  const files = { encoderPath: "e", decoderPath: "d", tokenizerPath: "t", configPath: "c", threads: 1 }
  return { asked, whisper: createWhisper({ client, model: { id: "w", isMultilingual, ...files }, vad }) }
}
const region = (from: number, to: number): SpeechRegion => ({ startMs: from * 1000, endMs: to * 1000 })

describe("Whisper over windows of speech", () => {
  it("asks nothing where nobody speaks", async () => {
    const { asked, whisper } = listener([], [])
    expect(await whisper.transcribe(seconds(5), {}, signal)).toMatchObject({ text: "", segments: [] })
    expect(asked).toEqual([])
  })

  it("keeps the language it is sure of for the rest of a recording", async () => {
    const { asked, whisper } = listener([said("Guten Tag"), said("Bis morgen")], [region(0, 3), region(8, 11)])
    const heard = await whisper.transcribe(seconds(12), {}, signal)
    expect(heard).toMatchObject({ text: "Guten Tag Bis morgen", language: "de" })
    expect(asked.map(({ task }) => task.language)).toEqual([null, "de"])
  })

  it("goes on asking while it is unsure, and says the surest", async () => {
    const unsure = said("Hm", { language: "nn", languageProbability: 0.2 })
    const { asked, whisper } = listener([unsure, said("Guten Tag")], [region(0, 3), region(8, 11)])
    expect(await whisper.transcribe(seconds(12), {}, signal)).toMatchObject({ language: "de" })
    expect(asked.map(({ task }) => task.language)).toEqual([null, null])
  })

  it("takes the language, the prompt and the task it is given", async () => {
    const { asked, whisper } = listener([said("Good day", { language: "pt" })], [region(0, 3)])
    const options = { language: "pt-BR", prompt: "Ottilie", isTranslation: true }
    expect(await whisper.transcribe(seconds(3), options, signal)).toMatchObject({ language: "en" })
    expect(asked[0]?.task).toEqual({ language: "pt", prompt: "Ottilie", isTranslation: true, hasTimestamps: false })
  })

  it("drops what the model itself takes for no speech, loops, and signs without words", async () => {
    for (const nothing of [
      said("Thanks for watching!", { meanLogProbability: -1.3, noSpeechProbability: 0.8 }),
      said("I will show you the way to the end.", { meanLogProbability: -1.8 }),
      said("na na na na na na na na na na", { compressionRatio: 3 }),
      said("..."),
    ]) {
      const { whisper } = listener([nothing], [region(0, 3)])
      expect(await whisper.transcribe(seconds(3), {}, signal)).toMatchObject({ text: "", segments: [] })
    }
  })

  it("hears a window that went wrong again in two parts, and keeps the good one", async () => {
    const loop = said("and so and so and so", { ended: "repetition" })
    const { asked, whisper } = listener(
      [loop, said("First half."), said("so so so", { compressionRatio: 4 })],
      [region(0, 10)],
    )
    const heard = await whisper.transcribe(seconds(10), {}, signal)
    expect(heard.text).toBe("First half.")
    expect((asked[1]?.seconds ?? 0) + (asked[2]?.seconds ?? 0)).toBeCloseTo(10)
  })

  it("places timed sentences of a long window in the recording", async () => {
    const timed = said("One. Two.", {
      segments: [
        { startMs: 0, endMs: 4000, text: "One." },
        { startMs: 5000, endMs: 9000, text: "Two." },
      ],
    })
    const { asked, whisper } = listener([timed], [region(10, 30)])
    const { segments } = await whisper.transcribe(seconds(40), {}, signal)
    expect(segments).toMatchObject([
      { startMs: 10_000, endMs: 14_000, text: "One." },
      { startMs: 15_000, endMs: 19_000, text: "Two." },
    ])
    expect(asked[0]?.task.hasTimestamps).toBe(true)
  })

  it("cuts a monologue into windows that the model can hear", async () => {
    const { asked, whisper } = listener(
      [said("a"), said("b"), said("c"), said("d"), said("e"), said("f")],
      [region(0, 80)],
    )
    await whisper.transcribe(seconds(80), {}, signal)
    for (const window of asked) expect(window.seconds).toBeLessThanOrEqual(28)
    expect(asked.reduce((sum, window) => sum + window.seconds, 0)).toBeCloseTo(80)
  })
})
