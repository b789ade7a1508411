/**
 * Does our rule cut people off who pause to think? Pauses of 400–1500 ms are put between the words of recordings; hands-free listening
 * runs over them with the real models, beside a fixed wait. Time is that of the sound, so a busy machine changes nothing; each answer of
 * a model comes `modelMs` of sound after its question.
 */
import type { AudioFrame } from "#audio/types.ts"
import { createSmartTurn } from "#engines/speech/smartTurn.ts"
import type { SpeechToText, TurnDetector } from "#engines/types.ts"
import { createPauseHabit, plainWaitMs } from "#voice/endpointing.ts"
import { listen } from "#voice/listen.ts"
import { createSpeechGate } from "#voice/speechGate.ts"
import { createRandom } from "../fakes/random.ts"
import { smartTurnPath, testdataDir } from "../models/modelFiles.ts"
import { startSpeechHost } from "../models/speechHost.ts"
import { speechClips } from "./shared/speechClips.ts"

const perMs = 16
const frameMs = 20
const modelMs = 200
/** What follows a trial: longer than the longest wait. */
const silenceAfterMs = 3000
const pausesPerClip = Number(process.argv[2] ?? 2)
const signal = new AbortController().signal
const random = createRandom(31)

interface Trial {
  samples: Float32Array
  /** Where speech ends for good. */
  endMs: number
  /** Where a pause was put in; null: none was. */
  pauseAtMs: number | null
}

const folder = testdataDir()
if (!folder) {
  console.log("endpointing: not run (no recordings beside the project)")
  process.exit(0)
}
const host = startSpeechHost()
const detector = createSmartTurn({ client: host.client, model: { id: "smart-turn-v3.2", modelPath: smartTurnPath } })

try {
  const pauses: Trial[] = []
  const ends: Trial[] = []
  for await (const { set, reference: words, samples } of speechClips(folder, signal)) {
    const regions = await host.vad.regions(samples, signal)
    const [first, last] = [regions[0], regions.at(-1)]
    if (!first || !last) continue
    const endMs = last.endMs
    const spoken = samples.slice(0, endMs * perMs)
    // Readings that were cut out of the middle of a sentence say nothing about where one ends.
    if (!/,$|\w$/.test(words) || set !== "ljspeech") ends.push({ samples: withEnd(spoken), endMs, pauseAtMs: null })
    const quiet = quietPlaces(spoken, first.startMs + 500, endMs - 500)
    for (let n = 0; n < pausesPerClip && quiet.length > 0; n++) {
      const [pauseAtMs = 0] = quiet.splice(Math.floor(random() * quiet.length), 1)
      const pauseMs = Math.round(400 + 1100 * random())
      const longer = new Float32Array(spoken.length + pauseMs * perMs)
      longer.set(spoken.subarray(0, pauseAtMs * perMs))
      longer.set(spoken.subarray(pauseAtMs * perMs), (pauseAtMs + pauseMs) * perMs)
      pauses.push({ samples: withEnd(longer), endMs: endMs + pauseMs, pauseAtMs })
    }
  }
  console.log(`endpointing: ${pauses.length} turns with a pause of 400–1500 ms put in, ${ends.length} whole sentences`)

  const heard: { name: string; endings: (trial: Trial) => Promise<number> }[] = [
    { name: "Smart Turn and words", endings: (trial) => ourEnding(trial, detector) },
    { name: "words and clock (no Smart Turn)", endings: (trial) => ourEnding(trial, null) },
  ]
  for (const { name, endings } of heard) report(name, await measure(pauses, ends, endings))
  const spans = new Map<Trial, { endsMs: number; lengthMs: number }[]>()
  for (const trial of [...pauses, ...ends]) spans.set(trial, await silences(trial))
  const fixed = async (waitMs: number): Promise<Result> =>
    await measure(pauses, ends, async (trial) => {
      const cut = spans.get(trial)?.find(({ lengthMs }) => lengthMs >= waitMs)
      return cut ? cut.endsMs - cut.lengthMs + waitMs : trial.samples.length / perMs
    })
  for (const waitMs of [500, plainWaitMs, 1000, 1300, 1600]) report(`fixed ${waitMs} ms`, await fixed(waitMs))
} finally {
  await host.client.stop()
}

interface Result {
  cutOffs: number
  turns: number
  delays: number[]
}

/** @param endingOf Where in the sound, in ms, the turn is taken to be over. */
async function measure(
  pauses: readonly Trial[],
  ends: readonly Trial[],
  endingOf: (trial: Trial) => Promise<number>,
): Promise<Result> {
  let cutOffs = 0
  const delays: number[] = []
  for (const trial of pauses) if ((await endingOf(trial)) < trial.endMs - 100) cutOffs++
  for (const trial of ends) {
    const delay = (await endingOf(trial)) - trial.endMs
    // Ends before the end are cut-offs as well.
    if (delay < -100) cutOffs++
    else delays.push(delay)
  }
  return { cutOffs, turns: pauses.length + ends.length, delays: delays.sort((a, b) => a - b) }
}

function report(name: string, { cutOffs, turns, delays }: Result): void {
  const at = (share: number): string => (delays[Math.floor(share * (delays.length - 1))] ?? 0).toFixed(0)
  const share = ((100 * cutOffs) / turns).toFixed(0)
  console.log(
    `endpointing: ${name}: ${cutOffs} of ${turns} turns cut off (${share} %); ended after ${at(0.5)} ms p50, ${at(0.9)} ms p90 of silence`,
  )
}

/** Where hands-free listening ends this turn, in ms of sound. */
async function ourEnding(trial: Trial, turnDetector: TurnDetector | null): Promise<number> {
  let nowMs = 0
  const working = new Set<Promise<unknown>>()
  const waiting: { dueMs: number; answer: () => void }[] = []
  /** The answer comes when so much sound has passed, however long it took to find. */
  const later = async <T>(work: Promise<T>): Promise<T> => {
    const askedMs = nowMs
    working.add(work)
    const result = await work.finally(() => working.delete(work))
    await new Promise<void>((answer) => waiting.push({ dueMs: askedMs + modelMs, answer }))
    return result
  }
  const speechToText: SpeechToText = {
    ...host.stt,
    transcribe: (samples, options, abort) => later(host.stt.transcribe(samples, options, abort)),
  }
  async function* frames(): AsyncGenerator<AudioFrame> {
    const step = frameMs * perMs
    for (let seq = 0; (seq + 1) * step <= trial.samples.length; seq++) {
      nowMs = seq * frameMs
      while (working.size > 0) await Promise.allSettled([...working])
      for (const due of waiting.filter(({ dueMs }) => dueMs <= nowMs)) {
        waiting.splice(waiting.indexOf(due), 1)
        due.answer()
      }
      // What the answers set off happens before the next sound.
      await new Promise((resolve) => setImmediate(resolve))
      yield { samples: trial.samples.slice(seq * step, (seq + 1) * step), sampleRate: 16_000, seq, at: nowMs }
    }
  }
  const listening = listen(
    {
      source: { frames },
      vad: host.vad,
      speechToText,
      endpointing: {
        detector: turnDetector && {
          ...turnDetector,
          completion: (samples, abort) => later(turnDetector.completion(samples, abort)),
        },
        habit: createPauseHabit(),
      },
    },
    {},
    signal,
  )
  for await (const event of listening) if (event.type === "listen-end") return event.audioMs
  return trial.samples.length / perMs
}

/** The silences after speech began, as the detector hears them: where each ends, and how long it was. */
async function silences(trial: Trial): Promise<{ endsMs: number; lengthMs: number }[]> {
  const found: { endsMs: number; lengthMs: number }[] = []
  const gate = createSpeechGate()
  const stream = await host.vad.open(signal)
  const step = 32 * perMs
  let before: number | null = null
  for (let at = 0; at + step <= trial.samples.length; at += step) {
    gate.push(await stream.push(trial.samples.slice(at, at + step), signal))
    const end = gate.speechEndMs
    if (before !== null && end !== null && end > before + 32) found.push({ endsMs: end, lengthMs: end - before })
    before = end
  }
  await stream.close()
  const endsMs = trial.samples.length / perMs
  if (before !== null) found.push({ endsMs, lengthMs: endsMs - before })
  return found
}

/** Middles of the quietest places of 60 ms and more, in ms: where a word ends and another begins. */
function quietPlaces(samples: Float32Array, fromMs: number, toMs: number): number[] {
  const levels: number[] = []
  for (let ms = 0; (ms + frameMs) * perMs <= samples.length; ms += frameMs) {
    const frame = samples.subarray(ms * perMs, (ms + frameMs) * perMs)
    levels.push(Math.sqrt(frame.reduce((sum, value) => sum + value * value, 0) / frame.length))
  }
  const sorted = levels.toSorted((a, b) => a - b)
  const quiet = (sorted[Math.floor(sorted.length / 2)] ?? 0) * 0.15
  const places: number[] = []
  let run = 0
  for (const [index, level] of levels.entries()) {
    if (level <= quiet) {
      run++
      continue
    }
    const middleMs = (index - run / 2) * frameMs
    if (run >= 3 && middleMs >= fromMs && middleMs <= toMs) places.push(Math.round(middleMs))
    run = 0
  }
  return places
}

function withEnd(spoken: Float32Array): Float32Array {
  const whole = new Float32Array(spoken.length + silenceAfterMs * perMs)
  whole.set(spoken)
  return whole
}
