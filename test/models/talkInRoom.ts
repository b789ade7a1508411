import type { EchoPath } from "#audio/devices/echoPath.ts"
import { createSampleRing } from "#audio/devices/sampleRing.ts"
import type { AudioFrame } from "#audio/types.ts"
import type { TurnEvent, TurnEventBody } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { concatSamples } from "#core/concatSamples.ts"
import type { SpeechToText, Vad } from "#engines/types.ts"
import { converse } from "#voice/conversation.ts"
import { createRoom } from "../fakes/room.ts"
import { noise } from "../fakes/tones.ts"

/** One question and its answer, all 16 kHz. */
export interface SpokenTurn {
  question: Float32Array
  answer: Float32Array
  /** What the answer says. */
  text: string
  /** What a person says over the answer. */
  interruption: Float32Array | null
}

/** What became of one answer. */
export interface HeardAnswer {
  isStopped: boolean
  /** Who stopped it was understood so. */
  interruptedBy: string | null
  /** How long the answer was lowered, though it went on. */
  loweredMs: number
  /** Turns that began: one, or two where somebody interrupts. */
  turns: number
}

interface Options {
  turns: readonly SpokenTurn[]
  /** Loudness of the loudspeaker at the microphone, over its own. */
  gain: number
  /** The product's echo path, by the room's own clock. */
  openPath(now: () => number): EchoPath
  vad: Vad
  speechToText: SpeechToText
}

const frameSamples = 320
const frameMs = 20
/** As far as devices lower what is talked over. */
const duckedShare = 0.2

interface OpenTurn {
  frames: Float32Array[]
  isStopped: boolean
  emit(body: TurnEventBody): void
}

/**
 * A hands-free conversation in a simulated room: what is said by the assistant comes back to its microphone, through the product's own echo
 * path. Sound passes as fast as it is heard; what is asked of speech-to-text is answered before the next frame.
 */
export async function talkInRoom({ turns, gain, openPath, vad, speechToText }: Options): Promise<HeardAnswer[]> {
  const { signal } = new AbortController()
  const room = createRoom(gain)
  const hiss = noise(1, 16_000, 0.001)
  const person = createSampleRing()
  const loudspeaker = createSampleRing()
  const opened: OpenTurn[] = []
  const heard: HeardAnswer[] = []
  const asked = new Set<Promise<unknown>>()
  let state: ConversationState = { phase: "waiting", turnId: null, isDucked: false }
  let seq = 0
  const path = openPath(() => seq * frameMs)

  const nextFrame = async (): Promise<AudioFrame> => {
    await Promise.allSettled(asked)
    const played = new Float32Array(frameSamples)
    loudspeaker.read(played)
    if (state.isDucked) for (let at = 0; at < frameSamples; at++) played[at] = (played[at] as number) * duckedShare
    await path.play(played, 16_000)
    const said = new Float32Array(frameSamples)
    person.read(said)
    const echo = room.hear(played)
    const from = (seq * frameSamples) % hiss.length
    const microphone = said.map((sample, at) => sample + (echo[at] as number) + (hiss[from + at] as number))
    const samples = path.hear(microphone)
    return { samples, sampleRate: 16_000, seq: seq++, at: seq * frameMs }
  }
  async function* quiet(ms: number): AsyncGenerator<AudioFrame> {
    for (let at = 0; at < ms; at += frameMs) yield await nextFrame()
  }
  async function* turn(spoken: SpokenTurn): AsyncGenerator<AudioFrame> {
    const before = opened.length
    person.write(spoken.question)
    while (person.length > 0) yield await nextFrame()
    yield* quiet(600)
    const answering = opened[before]
    if (!answering) throw new Error("Nobody heard the question.")
    answering.emit({ type: "listen-end", audioMs: 1000 })
    answering.emit({ type: "speech-start", voice: "v", sampleRate: 16_000, streamId: 1 })
    const durationMs = spoken.answer.length / 16
    answering.emit({ type: "caption", index: 0, text: spoken.text, spoken: spoken.text, startMs: 0, durationMs })
    loudspeaker.write(spoken.answer)
    let loweredMs = 0
    let isTalkedOver = spoken.interruption === null
    while (loudspeaker.length > 0 || person.length > 0) {
      if (!isTalkedOver && spoken.interruption && loudspeaker.length < spoken.answer.length * 0.7) {
        person.write(spoken.interruption)
        isTalkedOver = true
      }
      if (state.isDucked) loweredMs += frameMs
      yield await nextFrame()
    }
    yield* quiet(800)
    const interrupting = answering.isStopped ? opened[before + 1] : undefined
    const { text = null } = interrupting
      ? await speechToText.transcribe(concatSamples(interrupting.frames), {}, signal)
      : {}
    heard.push({
      isStopped: answering.isStopped,
      interruptedBy: text,
      loweredMs,
      turns: opened.length - before,
    })
    for (const ended of opened.slice(before)) ended.emit({ type: "turn-end", reason: "complete", timings: [] })
    yield* quiet(400)
  }

  await converse(
    {
      source: {
        async *frames() {
          yield* quiet(1000)
          for (const spoken of turns) yield* turn(spoken)
        },
      },
      vad,
      speechToText: {
        ...speechToText,
        transcribe(...request) {
          const answer = speechToText.transcribe(...request)
          asked.add(answer)
          const forget = (): void => void asked.delete(answer)
          answer.then(forget, forget)
          return answer
        },
      },
      async startTurn(source, onEvent) {
        const turnId = `t${opened.length + 1}`
        const own: OpenTurn = {
          frames: [],
          isStopped: false,
          emit: (body) => onEvent({ ...body, turnId, seq: 0, at: 0 } as TurnEvent),
        }
        opened.push(own)
        void (async () => {
          for await (const { samples } of source.frames(signal)) own.frames.push(samples)
        })()
        return {
          turnId,
          async stop() {
            own.isStopped = true
            loudspeaker.clear()
            own.emit({ type: "turn-end", reason: "aborted", timings: [] })
          },
        }
      },
      onState: (next) => {
        state = next
      },
    },
    signal,
  )
  path.close()
  return heard
}
