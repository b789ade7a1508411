import { describe, expect, it } from "vitest"
import { createWaking } from "#app/wakeService.ts"
import type { AudioFrame } from "#audio/types.ts"
import { type SettingValues, settingValues } from "#contract/settings.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import type { WakeEvent } from "#contract/wake.ts"
import { ownerActor } from "#core/actor.ts"
import { silentLogger } from "#core/logger.ts"
import type { SpeechToText, WakePhrase, WakeWord } from "#engines/types.ts"
import { converse } from "#voice/conversation.ts"
import { createOwnSpeech } from "#voice/ownSpeech.ts"
import { openWakeGuard } from "#voice/wakeGuard.ts"
import { createLoudnessVad } from "../fakes/voiceFakes.ts"

const signal = new AbortController().signal
const phrase: WakePhrase = {
  id: "hey-zenglow",
  phrase: "Hey ZenGlow",
  spellings: ["hey zen glow"],
  threshold: 0.5,
  headPath: "head.json",
}

/** Hears the phrase in samples of exactly this value. */
const mark = 0.123
const wakeWord: WakeWord = {
  modelId: "marks",
  isFallback: false,
  loadState: () => "loaded",
  async load() {},
  async unload() {},
  async open() {
    return {
      push: async (samples) =>
        Array.from({ length: Math.floor(samples.length / 1280) }, (_, step) => [
          Math.abs((samples[step * 1280 + 600] ?? 0) - mark) < 1e-6 ? 0.95 : 0.01,
        ]),
      async close() {},
    }
  },
}

const sayingWords = (text: string) => {
  const read: number[] = []
  const engine: SpeechToText = {
    modelId: "words",
    isFallback: false,
    loadState: () => "loaded",
    async load() {},
    async unload() {},
    async transcribe(samples) {
      read.push(samples.length)
      return { text, segments: [], meanLogProbability: -0.1, language: "en" }
    },
  }
  return { engine, read }
}

const sound = (ms: number, value: number): Float32Array => new Float32Array(ms * 16).fill(value)
/** The phrase, and the moment after it in which its words are read. */
const said = (): Float32Array => new Float32Array([...sound(320, mark), ...sound(240, 0)])

async function guardHearing(text: string, ownSpeech = createOwnSpeech(() => 0)) {
  const events: WakeEvent[] = []
  const { engine, read } = sayingWords(text)
  const guard = await openWakeGuard(
    {
      wakeWord,
      phrases: [phrase],
      speechToText: engine,
      ownSpeech,
      sensitivity: () => 0.5,
      onEvent: (event) => {
        if (event.type !== "score") events.push(event)
      },
    },
    signal,
  )
  return { guard, events, read }
}

describe("the guard", () => {
  it("wakes when the sound and the words are those of the phrase, whatever the size of the frames", async () => {
    for (const size of [7, 100, 317, 1280, 5000]) {
      const { guard, events } = await guardHearing("Hey, Zen Glow.")
      const heard = new Float32Array([...sound(800, 0), ...sound(320, mark), ...sound(400, 0)])
      let woken = 0
      for (let at = 0; at < heard.length; at += size) if (await guard.push(heard.slice(at, at + size), signal)) woken++
      expect(woken).toBe(1)
      expect(events).toEqual([{ type: "detected", phraseId: "hey-zenglow", phrase: "Hey ZenGlow" }])
    }
  })

  it("does not wake when the words are others, and says what they were", async () => {
    const { guard, events, read } = await guardHearing("a hen below")
    expect(await guard.push(new Float32Array([...sound(800, 0), ...said()]), signal)).toBeNull()
    expect(events).toEqual([{ type: "rejected", phraseId: "hey-zenglow", reason: "words", text: "a hen below" }])
    expect(read[0]).toBeLessThanOrEqual(32_000)
  })

  it("never wakes from the product's own voice: not while it plays, and not from its echo", async () => {
    let now = 0
    const ownSpeech = createOwnSpeech(() => now)
    ownSpeech.note("Say hey zen glow to wake me.", 3000)
    const { guard, events, read } = await guardHearing("Hey Zen Glow", ownSpeech)
    expect(await guard.push(said(), signal)).toBeNull()
    expect(read).toEqual([])
    now = 6000
    for (let time = 0; time < 30; time++) await guard.push(sound(80, 0), signal)
    expect(await guard.push(said(), signal)).toBeNull()
    expect(events.map((event) => event.type === "rejected" && event.reason)).toEqual(["own-speech", "own-speech"])
    now = 20_000
    for (let time = 0; time < 30; time++) await guard.push(sound(80, 0), signal)
    expect(await guard.push(said(), signal)).toBe(phrase)
  })
})

describe("own speech", () => {
  it("lasts as long as everything that was queued, and a moment more", () => {
    let now = 0
    const own = createOwnSpeech(() => now)
    own.note("one", 1000)
    own.note("two", 1000)
    now = 2900
    expect(own.isPlaying()).toBe(true)
    now = 3100
    expect(own.isPlaying()).toBe(false)
    expect(own.recent()).toBe("one two")
    now = 13_000
    expect(own.recent()).toBe("")
  })
})

describe("a conversation that sleeps", () => {
  it("takes no notice of speech before its phrase, opens a turn after it, and sleeps again", async () => {
    const states: ConversationState[] = []
    const turns: { heardMs: number }[] = []
    const { guard } = await guardHearing("hey zen glow")
    const loud = 0.3
    const sounds = [
      sound(1000, loud),
      sound(320, mark),
      sound(400, 0),
      sound(1200, loud),
      sound(200, 0),
      // Eight seconds in which nobody goes on, and somebody who talks to somebody else.
      sound(8400, 0),
      sound(1000, loud),
    ]
    await converse(
      {
        source: {
          async *frames() {
            let seq = 0
            for (const whole of sounds)
              for (let at = 0; at < whole.length; at += 320) {
                await new Promise((resolve) => setImmediate(resolve))
                const samples = whole.slice(at, at + 320)
                yield { samples, sampleRate: 16_000, seq: seq++, at: seq * 20 } satisfies AudioFrame
              }
          },
        },
        vad: createLoudnessVad(),
        speechToText: sayingWords("").engine,
        openWake: async () => guard,
        async startTurn(source, onEvent) {
          const turn = { heardMs: 0 }
          turns.push(turn)
          void (async () => {
            for await (const frame of source.frames(signal)) {
              turn.heardMs += frame.samples.length / 16
              if (turn.heardMs >= 1900) break
            }
            const end = { type: "turn-end", reason: "complete", timings: [], turnId: "t1", seq: 1, at: 0 }
            onEvent({ type: "listen-end", audioMs: 1, turnId: "t1", seq: 0, at: 0 } as TurnEvent)
            onEvent(end as unknown as TurnEvent)
          })()
          return { turnId: "t1", stop: async () => undefined }
        },
        onState: (state) => states.push(state),
      },
      signal,
    )
    expect(states.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1])).toEqual([
      "asleep",
      "waiting",
      "listening",
      "thinking",
      "waiting",
      "asleep",
      "ended",
    ])
    expect(turns).toHaveLength(1)
  })
})

describe("waking", () => {
  function waking(chosen: Partial<SettingValues> = {}) {
    let values = settingValues.parse({ wakeEnabled: true, ...chosen })
    const listeners = new Set<() => void>()
    return createWaking({
      settings: {
        values: () => values,
        async change(_actor, changes) {
          values = settingValues.parse({ ...values, ...changes })
          for (const listener of listeners) listener()
        },
        onChange(listener) {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      },
      wakeWord: async () => wakeWord,
      speechToText: async () => sayingWords("hey zen glow").engine,
      phrases: async () => [
        { id: "hey-zenglow", phrase: "Hey ZenGlow", licence: "Apache-2.0", installed: phrase },
        { id: "phrase-hey-jarvis", phrase: "Hey Jarvis", licence: "CC-BY-NC-SA-4.0", installed: null },
      ],
      ownSpeech: createOwnSpeech(() => 0),
      clock: { now: () => 1234, monotonic: () => 0 },
      log: silentLogger,
    })
  }
  const stranger = { personId: "stranger", scopes: [] }

  it("is off until it is switched on", async () => {
    expect(settingValues.parse({}).wakeEnabled).toBe(false)
    await expect(waking({ wakeEnabled: false }).open(ownerActor, signal)).rejects.toMatchObject({ code: "wake.off" })
  })

  it("keeps what was heard until it is cleared, for the person whose microphone it was alone", async () => {
    const wake = waking()
    const told: string[] = []
    const overheard: string[] = []
    wake.service.subscribe(ownerActor, ({ type }) => told.push(type))
    wake.service.subscribe(stranger, ({ type }) => overheard.push(type))
    const guard = await wake.open(ownerActor, signal)
    await guard.push(said(), signal)
    expect(told).toContain("detected")
    expect(overheard).toEqual([])
    expect(await wake.service.status(ownerActor)).toMatchObject({
      detected: true,
      phrase: "Hey ZenGlow",
      detected_at: 1234,
      backend_active: true,
    })
    expect(await wake.service.status(stranger)).toMatchObject({ detected: false, phrase: null, backend_active: false })
    expect(await wake.service.clear(ownerActor)).toMatchObject({ detected: false, phrase: null, detected_at: null })
    await guard.close()
    expect(await wake.service.status(ownerActor)).toMatchObject({ backend_active: false })
  })

  it("says when it is switched off, and refuses a phrase that is not installed or not known", async () => {
    const wake = waking()
    let ended = 0
    wake.onOff(() => ended++)
    expect(await wake.service.enable(ownerActor, { enabled: false })).toMatchObject({ enabled: false })
    expect(ended).toBe(1)
    await expect(wake.service.enable(ownerActor, { enabled: true, model: "phrase-hey-jarvis" })).rejects.toMatchObject({
      code: "model.missing",
    })
    await expect(wake.service.enable(ownerActor, { enabled: true, model: "nothing" })).rejects.toMatchObject({
      code: "model.not-found",
    })
    expect(await wake.service.status(ownerActor)).toMatchObject({ enabled: false, model: "hey-zenglow", reason: null })
  })
})
