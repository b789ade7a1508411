import { describe, expect, it } from "vitest"
import type { TurnEventBody } from "#contract/turns.ts"
import { AppError } from "#core/errors.ts"
import { createFakeTextToSpeech } from "#engines/fake/fakeTextToSpeech.ts"
import type { TextToSpeech } from "#engines/types.ts"
import { runVoiceTurn, type VoiceTurnDeps, type VoiceTurnResult } from "#voice/runVoiceTurn.ts"
import {
  createLoudnessVad,
  createMemorySink,
  createScriptedSpeechToText,
  createToneSource,
  type MemorySink,
} from "../fakes/voiceFakes.ts"

const question = "how often should the water filter be changed in winter"
const answerText = "Change it every six months, or sooner if it smells. Then **rinse** it [1]. Done."

async function* wordByWord(text: string): AsyncGenerator<TurnEventBody> {
  yield { type: "retrieve-start", query: question }
  for (const part of text.match(/\S+\s*/g) ?? []) yield { type: "text-delta", text: part }
  yield textEnd(text)
}
const textEnd = (text: string): TurnEventBody => ({
  type: "text-end",
  model: null,
  text,
  spans: [],
  usage: null,
  contextTokens: 0,
  contextLimit: 0,
  found: true,
})

interface Setup {
  deps?: Partial<VoiceTurnDeps>
  tts?: TextToSpeech
  sink?: MemorySink
  signal?: AbortSignal
  onEvent?: (event: TurnEventBody) => void
}

async function run(setup: Setup = {}) {
  const { tts = createFakeTextToSpeech(), sink = createMemorySink(), signal = new AbortController().signal } = setup
  const deps: VoiceTurnDeps = {
    source: createToneSource({ speechMs: 2600 }),
    vad: createLoudnessVad(),
    speechToText: createScriptedSpeechToText(question),
    answer: () => wordByWord(answerText),
    speech: { tts, sink, streamId: 7 },
    ...setup.deps,
  }
  const events: TurnEventBody[] = []
  let result: VoiceTurnResult | undefined
  let thrown: unknown
  try {
    const turn = runVoiceTurn({}, deps, signal)
    for (let next = await turn.next(); ; next = await turn.next()) {
      if (next.done) {
        result = next.value
        break
      }
      events.push(next.value)
      setup.onEvent?.(next.value)
    }
  } catch (error) {
    thrown = error
  }
  return { events, result, thrown, sink }
}

const only = <T extends TurnEventBody["type"]>(events: readonly TurnEventBody[], type: T) =>
  events.filter((event): event is Extract<TurnEventBody, { type: T }> => event.type === type)

/** Runs of the same type count once. */
const order = (events: readonly TurnEventBody[], ...types: TurnEventBody["type"][]): string[] =>
  events
    .map((event) => event.type)
    .filter((type) => types.includes(type))
    .filter((type, index, all) => type !== all[index - 1])

describe("a voice turn", () => {
  it("goes from speech to a spoken answer, in order", async () => {
    const { events, result } = await run()
    expect(order(events, "listen-start", "listen-end", "stt-end", "retrieve-start", "text-delta", "text-end")).toEqual([
      "listen-start",
      "listen-end",
      "stt-end",
      "retrieve-start",
      "text-delta",
      "text-end",
    ])
    expect(order(events, "listen-end", "speech-start", "caption", "speech-end")).toEqual([
      "listen-end",
      "speech-start",
      "caption",
      "speech-end",
    ])
    expect(events.at(-1)).toMatchObject({ type: "speech-end", heardChars: answerText.length })
    expect(result).toEqual({ reason: "complete", question, heardChars: answerText.length })
  })

  it("speaks clauses that follow the screen's text and say what a voice can say", async () => {
    const { events, sink } = await run()
    const captions = only(events, "caption")
    expect(captions.map((caption) => [caption.text, caption.spoken])).toEqual([
      ["Change it every six months,", "Change it every six months,"],
      ["or sooner if it smells.", "or sooner if it smells."],
      ["Then **rinse** it [1].", "Then rinse it."],
      ["Done.", "Done."],
    ])
    let startMs = 0
    for (const caption of captions) {
      expect(caption.startMs).toBeCloseTo(startMs)
      startMs += caption.durationMs
    }
    expect(startMs).toBeCloseTo(sink.writtenMs())
  })

  it("starts speaking before the answer is complete", async () => {
    let writeRest = (): void => undefined
    const rest = new Promise<void>((resolve) => {
      writeRest = resolve
    })
    async function* answer(): AsyncGenerator<TurnEventBody> {
      yield { type: "text-delta", text: "Change it every six months, or " }
      await rest
      yield { type: "text-delta", text: "sooner." }
      yield textEnd("Change it every six months, or sooner.")
    }
    const { events } = await run({
      deps: { answer },
      // Were the speech to wait for the whole answer, this turn would never end.
      onEvent: (event) => event.type === "caption" && writeRest(),
    })
    expect(order(events, "speech-start", "text-end")).toEqual(["speech-start", "text-end"])
  })

  it("shows levels at most twenty times a second and tells speech from silence", async () => {
    const { events } = await run()
    const levels = only(events, "level")
    expect(levels.length).toBeGreaterThan(30)
    expect(levels.length).toBeLessThanOrEqual((3400 / 1000) * 20)
    expect(levels[0]).toMatchObject({ isSpeech: false, peak: 0 })
    expect(levels.some((level) => level.isSpeech && level.peak > 0.2)).toBe(true)
    expect(levels.at(-1)?.isSpeech).toBe(false)
  })

  it("transcribes partly while the person speaks, from the first second on, the last two words unsettled", async () => {
    const speechToText = createScriptedSpeechToText(question)
    const { events } = await run({ deps: { speechToText } })
    const partials = only(events, "stt-partial")
    expect(partials.length).toBeGreaterThanOrEqual(2)
    for (const partial of partials) {
      const unsettled = partial.text.slice(partial.stableChars).trim().split(" ")
      expect(unsettled.length).toBeGreaterThanOrEqual(2)
      expect(question.startsWith(partial.text)).toBe(true)
    }
    expect(partials.at(-1)?.stableChars).toBeGreaterThan(0)
    const [first = 0, second = 0] = speechToText.askedMs
    expect(first).toBeGreaterThanOrEqual(1000)
    expect(second - first).toBeGreaterThanOrEqual(450)
  })

  it("never runs two transcriptions at once, however slow they are", async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const speechToText = createScriptedSpeechToText(question, { beforeAnswer: () => held })
    const { events, result } = await run({
      deps: { speechToText },
      onEvent: (event) => event.type === "listen-end" && release(),
    })
    expect(only(events, "stt-partial")).toEqual([])
    // One partial, given up at key-up, and the final one.
    expect(speechToText.askedMs).toHaveLength(2)
    expect(result?.question).toBe(question)
  })

  it("gives the recogniser speech with a margin, not the silence around it", async () => {
    const speechToText = createScriptedSpeechToText(question)
    await run({
      deps: { speechToText, source: createToneSource({ leadMs: 3000, speechMs: 2600, tailMs: 3000 }) },
    })
    const final = speechToText.askedMs.at(-1) ?? 0
    expect(final).toBeGreaterThanOrEqual(2600 + 400)
    expect(final).toBeLessThanOrEqual(2600 + 700)
  })

  it("ends with no-speech as an outcome when nobody speaks", async () => {
    const silent = await run({ deps: { source: createToneSource({ speechMs: 0 }) } })
    expect(silent.result).toEqual({ reason: "no-speech", question: null, heardChars: null })
    expect(order(silent.events, "listen-start", "listen-end", "stt-end", "text-delta", "speech-start")).toEqual([
      "listen-start",
      "listen-end",
    ])
    const unintelligible = await run({ deps: { speechToText: createScriptedSpeechToText("") } })
    expect(unintelligible.result?.reason).toBe("no-speech")
    expect(only(unintelligible.events, "stt-end")).toEqual([])
  })

  it("throws the recogniser's failure, without an answer", async () => {
    let asked = 0
    const { thrown, events } = await run({
      deps: {
        speechToText: createScriptedSpeechToText(question, { fails: true }),
        answer: () => {
          asked++
          return wordByWord(answerText)
        },
      },
    })
    expect(thrown).toMatchObject({ code: "engine.crashed" })
    expect(asked).toBe(0)
    expect(events.at(-1)?.type).toBe("listen-end")
  })

  it("keeps the whole text answer when the voice fails, and says why there is no sound", async () => {
    const { events, result, thrown } = await run({ tts: createFakeTextToSpeech({ failsOn: "six months" }) })
    expect(thrown).toBeUndefined()
    expect(only(events, "text-end")[0]?.text).toBe(answerText)
    expect(
      only(events, "text-delta")
        .map((event) => event.text)
        .join(""),
    ).toBe(answerText)
    expect(only(events, "error")[0]?.error).toMatchObject({
      code: "engine.failed",
      message: "The answer cannot be spoken. The voice failed.",
    })
    expect(only(events, "speech-start")).toEqual([])
    expect(result).toMatchObject({ reason: "complete", heardChars: null })
  })

  it("lets what was spoken be heard out when the voice fails midway", async () => {
    const { events } = await run({ tts: createFakeTextToSpeech({ failsOn: "rinse" }) })
    expect(order(events, "speech-start", "speech-end", "error")).toEqual(["speech-start", "speech-end", "error"])
    expect(only(events, "speech-end")[0]?.heardChars).toBe(answerText.indexOf(" Then"))
  })

  it("stops answer, synthesis and speaker together, and reports only what was heard", async () => {
    const turn = new AbortController()
    const sink = createMemorySink({ isInstant: false })
    const tts = createFakeTextToSpeech()
    let answerSignal: AbortSignal | undefined
    async function* endless(_question: string, signal: AbortSignal): AsyncGenerator<TurnEventBody> {
      answerSignal = signal
      yield { type: "text-delta", text: "Change it every six months, or sooner if it smells. Then " }
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))
    }
    const reason = new Error("a new press")
    const { events, thrown } = await run({
      sink,
      tts,
      signal: turn.signal,
      deps: { answer: endless },
      onEvent(event) {
        if (event.type !== "caption" || event.index !== 1) return
        // The first clause (27 characters, 270 ms) and nothing of the second; then the key goes down again.
        sink.play(200)
        turn.abort(reason)
      },
    })
    expect(thrown).toBe(reason)
    expect(answerSignal?.aborted).toBe(true)
    expect(sink.flushes()).toBe(1)
    expect(events.at(-1)).toMatchObject({ type: "speech-end", audioMs: 200 })
    const heard = "Change it every six months, or".slice(0, only(events, "speech-end")[0]?.heardChars)
    expect(heard).toBe("Change it every six")
    expect(tts.spoken).toHaveLength(2)
  })

  it("ends at once when aborted while listening", async () => {
    const turn = new AbortController()
    const { events, thrown } = await run({
      signal: turn.signal,
      onEvent: (event) => event.type === "level" && turn.abort(),
    })
    expect(thrown).toBe(turn.signal.reason)
    expect(only(events, "listen-end")).toEqual([])
  })

  it("falls silent when the answer fails, and throws its failure after speech-end", async () => {
    async function* failing(): AsyncGenerator<TurnEventBody> {
      yield { type: "text-delta", text: "Change it every six months, or sooner if it smells. And " }
      throw new AppError("engine.crashed", "The model ended.")
    }
    const sink = createMemorySink({ isInstant: false })
    const { events, thrown } = await run({ sink, deps: { answer: failing } })
    expect(thrown).toMatchObject({ code: "engine.crashed" })
    expect(only(events, "speech-start").length).toBe(only(events, "speech-end").length)
    expect(only(events, "error")).toEqual([])
  })

  it("answers in text alone when there is no voice", async () => {
    const { events, result } = await run({ deps: { speech: null } })
    expect(order(events, "text-end", "speech-start", "speech-end")).toEqual(["text-end"])
    expect(result).toMatchObject({ reason: "complete", heardChars: null })
  })

  it("refuses audio at another rate", async () => {
    const { thrown } = await run({ deps: { source: createToneSource({ speechMs: 1000, sampleRate: 48_000 }) } })
    expect(thrown).toMatchObject({ code: "audio.unsupported" })
  })
})
