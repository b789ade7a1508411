import { describe, expect, it } from "vitest"
import type { AudioFrame, AudioSource } from "#audio/types.ts"
import type { Identification } from "#contract/speakers.ts"
import type { TurnEventBody } from "#contract/turns.ts"
import type { TurnDetector } from "#engines/types.ts"
import { createPauseHabit } from "#voice/endpointing.ts"
import { type Heard, type ListenDeps, listen } from "#voice/listen.ts"
import { createLoudnessVad, createScriptedSpeechToText } from "../fakes/voiceFakes.ts"

const signal = new AbortController().signal

/** A microphone that never ends: spans of speech and silence in ms, then silence for ever. Engines answer between its frames. */
function microphone(spans: readonly { speech?: number; silence?: number }[]): AudioSource & { heardMs: () => number } {
  const loud = spans.flatMap(({ speech = 0, silence = 0 }) => [
    ...Array<boolean>(speech / 20).fill(true),
    ...Array<boolean>(silence / 20).fill(false),
  ])
  let seq = 0
  return {
    heardMs: () => seq * 20,
    async *frames(abort) {
      for (; ; seq++) {
        abort.throwIfAborted()
        await new Promise((resolve) => setImmediate(resolve))
        const samples = Float32Array.from({ length: 320 }, (_, n) => (loud[seq] ? 0.3 * Math.sin(n / 3) : 0))
        yield { samples, sampleRate: 16_000, seq, at: seq * 20 } satisfies AudioFrame
      }
    },
  }
}

const detector = (completion: number): TurnDetector => ({
  modelId: "fake-turn",
  isFallback: false,
  loadState: () => "loaded",
  load: async () => undefined,
  unload: async () => undefined,
  completion: async () => completion,
})

async function hear(
  source: AudioSource,
  deps: Partial<ListenDeps> & { words?: string; completion?: number } = {},
): Promise<{ heard: Heard; events: TurnEventBody[] }> {
  const { words = "turn the lights on please now.", completion = 0.9, ...rest } = deps
  const listening = listen(
    {
      source,
      vad: createLoudnessVad(),
      speechToText: createScriptedSpeechToText(words),
      endpointing: { detector: detector(completion), habit: createPauseHabit() },
      ...rest,
    },
    {},
    signal,
  )
  const events: TurnEventBody[] = []
  for (let next = await listening.next(); ; next = await listening.next()) {
    if (next.done) return { heard: next.value, events }
    events.push(next.value)
  }
}

describe("hands-free listening", () => {
  it("ends by itself soon after a finished sentence", async () => {
    const source = microphone([{ silence: 400 }, { speech: 1600 }])
    const { heard } = await hear(source)
    expect(heard).toMatchObject({ kind: "speech", text: "turn the lights on please now." })
    expect(source.heardMs() - 2000).toBeGreaterThan(250)
    expect(source.heardMs() - 2000).toBeLessThan(700)
  })

  it("goes back to waiting when what was heard is no speech", async () => {
    const source = microphone([{ silence: 400 }, { speech: 40 }, { silence: 400 }, { speech: 40 }])
    const { heard } = await hear(source)
    expect(heard).toEqual({ kind: "no-speech" })
    expect(source.heardMs()).toBeLessThan(4000)
  })

  it("hears a monologue of ten minutes for two, and keeps what was said until then", async () => {
    const source = microphone([{ silence: 400 }, { speech: 600_000 }])
    const words = Array.from({ length: 1000 }, (_, index) => `word${index}`).join(" ")
    const { heard, events } = await hear(source, { words })
    expect(events).toContainEqual({ type: "listen-end", audioMs: 120_000 })
    const said = heard.kind === "speech" ? heard.text.split(" ") : []
    expect(said[0]).toBe("word0")
    expect(said.length).toBeGreaterThan(450)
    const partials = events.filter(({ type }) => type === "stt-partial")
    expect(partials.length, "captions go on").toBeGreaterThan(100)
  })

  it("lets a person think after an open word, and hears what comes then", async () => {
    const spans = [{ silence: 400 }, { speech: 600 }, { silence: 1200 }, { speech: 1500 }]
    const words = "turn the lights and then close the door please now."
    const { heard } = await hear(microphone(spans), { words, completion: 0.3 })
    expect(heard.kind === "speech" && heard.text.split(" ").length).toBeGreaterThan(6)
    // A detector that knows nothing of words and a fixed 700 ms would have cut them off.
    const cut = await hear(microphone(spans), { words: "one two three four five six seven", completion: 0.7 })
    expect(cut.heard.kind === "speech" && cut.heard.text.split(" ").length).toBeLessThan(7)
  })

  it("transcribes once what was read in the last pause", async () => {
    const speechToText = createScriptedSpeechToText("turn the lights on please now.")
    const { events } = await hear(microphone([{ speech: 1600 }]), { speechToText })
    const asked = speechToText.askedMs.length
    const partials = events.filter(({ type }) => type === "stt-partial").length
    expect(partials).toBeGreaterThan(0)
    expect(asked, "no transcription beside those that were shown").toBeLessThanOrEqual(partials + 1)
  })

  it("says whose voice it was before the words, and goes on when nobody can tell", async () => {
    const known: Identification = {
      identified: { id: "s1", name: "Ada" },
      similarity: 0.8,
      threshold: 0.5,
      margin: 0.4,
      candidates: [],
      net_speech_s: 1.6,
    }
    const { heard, events } = await hear(microphone([{ speech: 1600 }]), { identify: async () => known })
    expect(events.map(({ type }) => type).slice(-3)).toEqual(["listen-end", "speaker", "stt-end"])
    expect(heard).toMatchObject({ speaker: { identified: { name: "Ada" } } })
    const unsure = await hear(microphone([{ speech: 1600 }]), {
      identify: async () => {
        throw new Error("too short")
      },
    })
    expect(unsure.heard).toMatchObject({ kind: "speech", speaker: null })
    expect(unsure.events.some(({ type }) => type === "speaker")).toBe(false)
  })
})
