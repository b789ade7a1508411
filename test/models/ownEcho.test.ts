import { existsSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createEchoPath } from "#audio/devices/echoPath.ts"
import { resample } from "#audio/resample.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { clip } from "../fakes/spokenClip.ts"
import { modelFile, moonshineFiles, sileroPath } from "./modelFiles.ts"
import { startSpeechHost } from "./speechHost.ts"
import { type HeardAnswer, type SpokenTurn, talkInRoom } from "./talkInRoom.ts"
import { words } from "./wordErrors.ts"

const isInstalled =
  existsSync(sileroPath) &&
  existsSync(moonshineFiles.encoderPath) &&
  existsSync(modelFile("hibari-heart", "hibari.onnx"))
const { signal } = new AbortController()

const questions = ["water-filter", "warranty", "oven-clean", "main-valve", "vacuum-bag"]
/** Said by the assistant's own voice. */
const answers = [
  "Change the water filter every six months, or sooner if the flow slows down.",
  "The warranty on the dishwasher is three years from the day it was delivered.",
  "Let the oven cool down, and wipe it with warm water and a soft cloth. Never use a scraper.",
  "The main valve is in the basement, to the left of the meter. Turn it clockwise to close it.",
  "The bags of the vacuum cleaner are on the lower shelf of the hall cupboard, behind the iron.",
]
/** Every fifth answer is talked over. */
const interruption = { file: "red-light", word: "light" }
const turnCount = process.env.ZENGLOW_TEST_FULL ? 50 : 10

describe.skipIf(!isInstalled)("its own voice in the microphone", () => {
  const host = startSpeechHost()
  let spoken: SpokenTurn[] = []
  beforeAll(async () => {
    const voice = createHibari({
      client: host.client,
      model: { id: "hibari-heart", dir: modelFile("hibari-heart", "") },
    })
    const asked = await Promise.all(questions.map(clip))
    const over = await clip(interruption.file)
    const said: Float32Array[] = []
    for (const answer of answers) {
      const { samples, sampleRate } = await voice.synthesize(answer, {}, signal)
      said.push(await resample(samples, sampleRate, 16_000))
    }
    spoken = Array.from({ length: turnCount }, (_, index) => ({
      question: asked[index % asked.length] as Float32Array,
      answer: said[(index * 3) % said.length] as Float32Array,
      text: answers[(index * 3) % answers.length] as string,
      interruption: index % 5 === 4 ? over : null,
    }))
  })
  afterAll(() => host.client.stop())

  const loudnesses = [
    { name: "-12 dB", gain: 0.25 },
    { name: "-6 dB", gain: 0.5 },
  ]
  const talk = async (turns: SpokenTurn[], gain: number): Promise<HeardAnswer[]> => {
    const openPath = (now: () => number) => createEchoPath({ now })
    return await talkInRoom({ turns, gain, openPath, vad: host.vad, speechToText: host.stt })
  }

  it.each(loudnesses)(
    `never interrupts itself at $name in ${turnCount} turns, and stops for a person`,
    async ({ gain }) => {
      const heard = await talk(spoken, gain)
      if (process.env.ZENGLOW_TEST_SHOW) process.stderr.write(`${JSON.stringify(heard, null, 1)}\n`)
      expect(heard.map(({ isStopped }) => isStopped)).toEqual(spoken.map(({ interruption }) => interruption !== null))
      expect(heard.map(({ turns }) => turns)).toEqual(spoken.map(({ interruption }) => (interruption ? 2 : 1)))
      for (const [index, { interruption: over }] of spoken.entries())
        if (over) expect(words(heard[index]?.interruptedBy ?? "")).toContain(interruption.word)
      // Once it has learned the room, its own voice does not even lower it.
      const lowered = heard.slice(1).filter(({ isStopped, loweredMs }) => !isStopped && loweredMs > 0)
      expect(lowered).toEqual([])
    },
  )

  it.each(loudnesses)("stops for a person in its very first answer, at $name", async ({ gain }) => {
    const last = spoken[4] as SpokenTurn
    const [heard] = await talk([last], gain)
    expect(heard).toMatchObject({ isStopped: true, turns: 2 })
    expect(words(heard?.interruptedBy ?? "")).toContain(interruption.word)
  })
})
