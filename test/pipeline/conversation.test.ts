import { describe, expect, it } from "vitest"
import type { AudioFrame, AudioSource } from "#audio/types.ts"
import type { TurnEvent, TurnEventBody } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { converse } from "#voice/conversation.ts"
import { interruptionBy } from "#voice/interruption.ts"
import { createLoudnessVad, createScriptedSpeechToText } from "../fakes/voiceFakes.ts"

/** A microphone on a script: speech, silence, or waiting until something has happened. Engines answer between its frames. */
type Step = { speech: number } | { silence: number } | { until: () => boolean }

const quiet = new Float32Array(320)

function microphone(steps: readonly Step[]): AudioSource & { atMs: () => number } {
  let ms = 0
  return {
    atMs: () => ms,
    async *frames(signal) {
      let seq = 0
      const frame = (isLoud: boolean): AudioFrame => {
        ms += 20
        const samples = isLoud ? Float32Array.from({ length: 320 }, (_, n) => 0.3 * Math.sin(n / 3)) : quiet
        return { samples, sampleRate: 16_000, seq: seq++, at: ms }
      }
      for (const step of steps) {
        const frames = "until" in step ? Number.POSITIVE_INFINITY : ("speech" in step ? step.speech : step.silence) / 20
        for (let n = 0; n < frames; n++) {
          if ("until" in step && step.until()) break
          signal.throwIfAborted()
          await new Promise((resolve) => setImmediate(resolve))
          yield frame("speech" in step)
        }
      }
    },
  }
}

interface FakeTurn {
  turnId: string
  heardMs: number
  isStopped: boolean
  emit(body: TurnEventBody): void
}

/** Plays the part of the turns: each hears its source until told, and says what the test tells it to. */
async function talk(
  steps: (stage: { turns: FakeTurn[] }) => Step[],
  words = "what about the other one please",
  speechToText = createScriptedSpeechToText(words),
) {
  const turns: FakeTurn[] = []
  const states: (ConversationState & { atMs: number })[] = []
  const source = microphone(steps({ turns }))
  await converse(
    {
      source,
      vad: createLoudnessVad(),
      speechToText,
      async startTurn(heard, onEvent) {
        let seq = 0
        const turn: FakeTurn = {
          turnId: `t${turns.length + 1}`,
          heardMs: 0,
          isStopped: false,
          emit: (body) => onEvent({ ...body, turnId: turn.turnId, seq: seq++, at: 0 } as TurnEvent),
        }
        turns.push(turn)
        void (async () => {
          for await (const frame of heard.frames(new AbortController().signal))
            turn.heardMs += frame.samples.length / 16
        })()
        return {
          turnId: turn.turnId,
          stop: async () => {
            turn.isStopped = true
            turn.emit({ type: "turn-end", reason: "aborted", timings: [] })
          },
        }
      },
      onState: (state) => states.push({ ...state, atMs: source.atMs() }),
    },
    new AbortController().signal,
  )
  return { turns, states }
}

const listenEnd: TurnEventBody = { type: "listen-end", audioMs: 1000 }
const speechStart: TurnEventBody = { type: "speech-start", voice: "v", sampleRate: 24_000, streamId: 1 }
const caption = (text: string): TurnEventBody => ({
  type: "caption",
  index: 0,
  text,
  spoken: text,
  startMs: 0,
  durationMs: 2000,
})

/** A turn that was asked for and is being spoken. */
const untilSpeaking = ({ turns }: { turns: FakeTurn[] }, said = "Change it every six months."): Step[] => [
  { silence: 400 },
  { speech: 800 },
  {
    until: () => {
      const turn = turns[0]
      if (!turn) return false
      turn.emit(listenEnd)
      turn.emit(speechStart)
      turn.emit(caption(said))
      return true
    },
  },
  { silence: 60 },
]

describe("a hands-free conversation", () => {
  it("opens a turn when somebody speaks, with what was said before it was noticed", async () => {
    const { turns, states } = await talk(() => [{ silence: 600 }, { speech: 1000 }, { silence: 200 }])
    expect(turns).toHaveLength(1)
    expect(turns[0]?.heardMs).toBeGreaterThan(1400)
    expect(states.map(({ phase }) => phase)).toEqual(["listening", "listening", "ended"])
  })

  it("opens none for clicks", async () => {
    const clicks = Array.from({ length: 10 }, (): Step[] => [{ speech: 40 }, { silence: 400 }]).flat()
    expect((await talk(() => clicks)).turns).toHaveLength(0)
  })

  it("waits through an hour of silence, and hears the first words after it", async () => {
    const { turns, states } = await talk(() => [{ silence: 3_600_000 }, { speech: 600 }, { silence: 200 }])
    expect(turns).toHaveLength(1)
    expect(turns[0]?.heardMs, "of the silence it keeps what may hold a first consonant").toBeLessThan(2000)
    expect(states[0]).toMatchObject({ phase: "listening" })
    expect(states[0]?.atMs).toBeGreaterThan(3_600_000)
  })

  it("lowers the voice at once when it is talked over, stops it when words come, and hears them whole", async () => {
    const { turns, states } = await talk((stage) => [...untilSpeaking(stage), { speech: 1400 }, { silence: 400 }])
    const spokeOverAt = states.findLast(({ phase, isDucked }) => phase === "speaking" && !isDucked)?.atMs ?? 0
    const duckedAt = states.find(({ isDucked }) => isDucked)?.atMs ?? 0
    expect(duckedAt - spokeOverAt).toBeLessThanOrEqual(250)
    expect(turns[0]?.isStopped).toBe(true)
    const secondAt = states.find(({ phase, atMs }) => phase === "listening" && atMs > duckedAt)?.atMs ?? 0
    expect(secondAt - spokeOverAt).toBeLessThanOrEqual(700)
    expect(turns).toHaveLength(2)
    expect(turns[1]?.heardMs, "the interruption from its first sound").toBeGreaterThanOrEqual(1400)
  })

  it.each([
    ["a nod", "mhm okay", 500],
    ["a cough", "", 300],
    ["its own voice", "change it every six months every six months", 1200],
  ])("goes on speaking through %s", async (_name, words, ms) => {
    const { turns, states } = await talk((stage) => [...untilSpeaking(stage), { speech: ms }, { silence: 1000 }], words)
    expect(turns).toHaveLength(1)
    expect(turns[0]?.isStopped).toBe(false)
    expect(states.some(({ isDucked }) => isDucked)).toBe(true)
    expect(states.at(-2)).toMatchObject({ phase: "speaking", isDucked: false })
  })

  it("does not take a cough right after the question for its last words", async () => {
    const scripted = createScriptedSpeechToText("how often is it changed")
    const hearsOnlySound: typeof scripted = {
      ...scripted,
      transcribe: (samples, ...rest) =>
        scripted.transcribe(
          samples.filter((sample) => sample !== 0),
          ...rest,
        ),
    }
    const { turns } = await talk(
      (stage) => [...untilSpeaking(stage), { silence: 200 }, { speech: 140 }, { silence: 1000 }],
      "",
      hearsOnlySound,
    )
    expect(scripted.askedMs.length, "it was listened to").toBeGreaterThan(0)
    expect(turns).toHaveLength(1)
    expect(turns[0]?.isStopped).toBe(false)
  })

  it("takes its question's last sounds for nobody who interrupts", async () => {
    const { turns, states } = await talk((stage) => [
      { silence: 400 },
      { speech: 800 },
      {
        until: () => {
          stage.turns[0]?.emit(listenEnd)
          return stage.turns.length > 0
        },
      },
      { speech: 700 },
      { silence: 1000 },
    ])
    expect(turns).toHaveLength(1)
    expect(states.some(({ isDucked }) => isDucked)).toBe(false)
  })

  it("takes its question, heard again while it thinks, for nobody who interrupts", async () => {
    const { turns, states } = await talk(
      (stage) => [
        { silence: 400 },
        { speech: 800 },
        {
          until: () => {
            const turn = stage.turns[0]
            turn?.emit(listenEnd)
            turn?.emit({ type: "stt-end", text: "How often is the filter changed?", audioMs: 1000, confidence: 1 })
            return turn !== undefined
          },
        },
        { silence: 200 },
        { speech: 900 },
        { silence: 1000 },
      ],
      "often is the filter chained",
    )
    expect(turns).toHaveLength(1)
    expect(states.some(({ isDucked }) => isDucked)).toBe(true)
  })

  it('stops at the second "stop" where the first may have been its own', async () => {
    const said = "Turn it until you hear it stop."
    const once = await talk((stage) => [...untilSpeaking(stage, said), { speech: 400 }, { silence: 1000 }], "stop")
    expect(once.turns[0]?.isStopped).toBe(false)
    const twice = await talk(
      (stage) => [
        ...untilSpeaking(stage, said),
        { silence: 200 },
        { speech: 400 },
        { silence: 1000 },
        { speech: 400 },
        { silence: 1000 },
      ],
      "stop",
    )
    expect(twice.turns[0]?.isStopped).toBe(true)
  })

  it("gives the floor to somebody who goes on and on, whatever the words", async () => {
    const { turns } = await talk(
      (stage) => [...untilSpeaking(stage), { speech: 2400 }, { silence: 300 }],
      "yeah yeah yeah",
    )
    expect(turns[0]?.isStopped).toBe(true)
  })

  it("waits for the next words when a turn is over", async () => {
    const { turns, states } = await talk((stage) => [
      ...untilSpeaking(stage),
      {
        until: () => {
          stage.turns[0]?.emit({ type: "turn-end", reason: "complete", timings: [] })
          return true
        },
      },
      { silence: 2000 },
      { speech: 800 },
    ])
    expect(states.map(({ phase }) => phase)).toContain("waiting")
    expect(turns.map(({ isStopped }) => isStopped)).toEqual([false, false])
  })
})

describe("what is said over the assistant", () => {
  it.each([
    ["stop", "takes-floor"],
    ["no I meant the other filter", "takes-floor"],
    ["Mhm.", "backchannel"],
    ["yeah, okay", "backchannel"],
    ["", "noise"],
    ["...", "noise"],
    ["every six months", "echo"],
    ["filter", "echo"],
    ["change", "echo"],
    ["every six weeks you said", "takes-floor"],
    ["change the filler every sicks mumps", "echo"],
    ["Changed a filter", "echo"],
    ["stop it please", "takes-floor"],
    ["lamp", "echo"],
  ])("%j is %s", (heard, verdict) => {
    expect(interruptionBy(heard, "Change the filter every six months.")).toBe(verdict)
  })

  it.each([
    ["stop", "doubtful-command"],
    ["Stop! Stop!", "takes-floor"],
    ["wait", "takes-floor"],
  ])('%j is %s while the assistant says "stop"', (heard, verdict) => {
    expect(interruptionBy(heard, "Turn it until the water stops and stop there.")).toBe(verdict)
  })
})
