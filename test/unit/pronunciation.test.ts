import { describe, expect, it } from "vitest"
import { joinVoices } from "#app/joinVoices.ts"
import { createFakeTextToSpeech } from "#engines/fake/fakeTextToSpeech.ts"
import { misakiOf } from "#engines/speech/hibari/misaki.ts"
import type { SynthesizeOptions } from "#engines/types.ts"
import { pronounced } from "#voice/pronunciation.ts"
import { withPause } from "#voice/sentencePause.ts"

const signal = new AbortController().signal

describe("the person's own dictionary", () => {
  it("respells whole words, whatever their case, the longest entry first", () => {
    const dictionary = [
      { word: "Niamh", say: "Neev" },
      { word: "Niamh Byrne", say: "Neev Burn" },
      { word: "SQL", say: "sequel" },
    ]
    expect(pronounced("niamh Byrne and Niamh use MySQL and SQL.", dictionary, "en-US").text).toBe(
      "Neev Burn and Neev use MySQL and sequel.",
    )
  })
  it("hands over sounds instead of letters, and leaves the text as it is", () => {
    expect(pronounced("Ask Niamh.", [{ word: "Niamh", say: "/niːv/" }], "en-US")).toEqual({
      text: "Ask Niamh.",
      phonemes: { niamh: "niːv" },
    })
  })
  it("leaves out entries of another language", () => {
    const dictionary = [{ word: "Paris", say: "Paree", language: "fr" }]
    expect(pronounced("Paris", dictionary, "en-US").text).toBe("Paris")
    expect(pronounced("Paris", dictionary, "fr-FR").text).toBe("Paree")
  })
  it("takes a word with marks of a pattern literally", () => {
    expect(pronounced("C++ and Cxx", [{ word: "C++", say: "C plus plus" }], "en").text).toBe("C plus plus and Cxx")
  })
  it("writes the phonetic alphabet as the voices were trained to read it", () => {
    expect(misakiOf("/ˈdʒeɪn ɡoʊz/")).toBe("ˈʤAnɡOz")
  })
})

describe("voices of several models", () => {
  const models = ["a", "b"].map((name) => {
    const asked: [string, SynthesizeOptions][] = []
    const fake = createFakeTextToSpeech()
    return {
      asked,
      tts: {
        ...fake,
        modelId: `model-${name}`,
        voices: () => [{ id: `voice-${name}`, name, language: "en-US" }],
        async synthesize(text: string, options: SynthesizeOptions, inner: AbortSignal) {
          asked.push([text, options])
          return await fake.synthesize(text, { ...options, voice: undefined }, inner)
        },
      },
    }
  })
  const joined = joinVoices(
    models.map(({ tts }) => tts),
    () => [
      { word: "Niamh", say: "/niːv/" },
      { word: "Wicklow", say: "Wick-low" },
    ],
  )

  it("are one list that tells which model speaks", () => {
    expect(joined?.voices().map(({ id, model }) => [id, model])).toEqual([
      ["voice-a", "model-a"],
      ["voice-b", "model-b"],
    ])
  })
  it("speak with the model that has the voice, and with the dictionary", async () => {
    await joined?.synthesize("Niamh is in Wicklow.", { voice: "voice-b" }, signal)
    expect(models[0]?.asked).toEqual([])
    expect(models[1]?.asked).toEqual([["Niamh is in Wick-low.", { voice: "voice-b", phonemes: { niamh: "niːv" } }]])
  })
  it.each(["nobody", "../../etc/passwd", "/tmp/voice.onnx"])("refuse %s by name", async (voice) => {
    await expect(joined?.synthesize("Hello.", { voice }, signal)).rejects.toMatchObject({ code: "tts.unknown-voice" })
  })
  it("of no model are none", () => expect(joinVoices([], () => [])).toBeNull())
})

describe("the pause after a sentence", () => {
  const chunk = { samples: new Float32Array(100).fill(0.5), sampleRate: 1000 }
  it("follows a sentence and no clause", () => {
    expect(withPause(chunk, "It is done.", 150).samples).toHaveLength(250)
    expect(withPause(chunk, "“Is it?”", 150).samples).toHaveLength(250)
    expect(withPause(chunk, "If it is done,", 150).samples).toHaveLength(100)
    expect(withPause(chunk, "It is done.", 0)).toBe(chunk)
  })
})
