import type { AudioFrame, AudioSource } from "#audio/types.ts"
import type { ListeningEvent } from "#contract/tuning.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { createPushQueue, type PushQueue } from "#core/queue.ts"
import type { SpeechToText, Vad } from "#engines/types.ts"
import { interruptionBy } from "./interruption.ts"
import { createListeningScores } from "./listeningScores.ts"
import { speechOnset } from "./speechGate.ts"
import type { WakeGuard } from "./wakeGuard.ts"

export interface ConversationDeps {
  /** The microphone, for as long as the conversation lasts. 16 kHz mono. */
  source: AudioSource
  vad: Vad
  speechToText: SpeechToText
  /** Starts a turn that hears this source, and calls back with everything that happens in it. */
  startTurn(
    source: AudioSource,
    onEvent: (event: TurnEvent) => void,
  ): Promise<{ turnId: string; stop(): Promise<void> }>
  onState(state: ConversationState): void
  /** It sleeps until a phrase is said, and again when nobody goes on. Absent: it is always awake. */
  openWake?(signal: AbortSignal): Promise<WakeGuard>
  /** Hears what the detector says between and beside turns; a turn that listens tells of itself. Default: nobody does. */
  onScore?: ((event: ListeningEvent) => void) | undefined
}

/** Frames kept from before speech was noticed: soft first consonants, and what the detector needs to be sure. */
const preRollFrames = 40
const samplesPerMs = 16
/** Speech in a row after which somebody is heard: a click is shorter. */
const onsetMs = 96
/** Speech after which it is asked whether they take the floor, and again after every further piece. */
const judgeEveryMs = 320
/** Speech that goes on for this long takes the floor whatever the words. */
const longestBackchannelMs = 1500
/** Silence after which a noise or a nod is over. */
const overAfterMs = 500
/** So long after the phrase, and after every turn, it waits for somebody to speak before it sleeps again. */
const awakeMs = 8000
/** Speech in a row that is more than the end of the phrase, and what is kept from before it. */
const onsetAfterPhraseMs = 200
const framesAfterPhrase = 20

/** One turn, as the conversation sees it. */
interface Spoken {
  frames: PushQueue<AudioFrame>
  stage: "listening" | "thinking" | "speaking"
  /** What was understood; empty until then. */
  question: string
  /** What has been said aloud, newest last. */
  captions: string[]
  /** What was heard as "stop" where the assistant said that word itself; the next such sound means it. */
  doubted: Interjection | null
  stop: (() => Promise<void>) | null
  isStopped: boolean
}

/** Somebody is heard while the assistant thinks or speaks. */
interface Interjection {
  frames: AudioFrame[]
  speechMs: number
  silenceMs: number
  judgedMs: number
  isJudging: boolean
}

/**
 * A conversation without hands: listens between turns, opens one when somebody speaks, lowers the assistant's voice as soon as it is talked
 * over, and stops it when that is more than a cough, a nod, or its own echo. Ends with the source or the signal.
 */
export async function converse(deps: ConversationDeps, signal: AbortSignal): Promise<void> {
  const stream = await deps.vad.open(signal)
  const wake = (await deps.openWake?.(signal)) ?? null
  let awakeLeftMs = wake ? 0 : Number.POSITIVE_INFINITY
  let neededMs = onsetMs
  const recent: AudioFrame[] = []
  const scores = createListeningScores((event) => deps.onScore?.(event))
  let turn: Spoken | null = null
  let interjection: Interjection | null = null
  let isSpeech = false
  let speechRunMs = 0
  /** The question's last sounds interrupt nothing: nobody is heard over the assistant before it was quiet once. */
  let wasQuiet = true
  let state: ConversationState = { phase: "waiting", turnId: null, isDucked: false }
  const tell = (changes: Partial<ConversationState>): void => {
    const next = { ...state, ...changes }
    if (next.phase === state.phase && next.turnId === state.turnId && next.isDucked === state.isDucked) return
    state = next
    deps.onState(next)
  }

  const openTurn = (frames: readonly AudioFrame[]): void => {
    const opened: Spoken = {
      frames: createPushQueue<AudioFrame>(),
      stage: "listening",
      question: "",
      captions: [],
      doubted: null,
      stop: null,
      isStopped: false,
    }
    for (const frame of frames) opened.frames.push(frame)
    turn = opened
    interjection = null
    tell({ phase: "listening", turnId: null, isDucked: false })
    deps
      .startTurn({ frames: () => opened.frames }, (event) => onTurnEvent(opened, event))
      .then(
        ({ turnId, stop }) => {
          opened.stop = stop
          if (opened.isStopped) void stop()
          else if (turn === opened) tell({ turnId })
        },
        () => closeTurn(opened),
      )
  }
  const closeTurn = (ended: Spoken): void => {
    ended.frames.end()
    if (turn !== ended) return
    turn = null
    interjection = null
    if (wake) awakeLeftMs = awakeMs
    tell({ phase: "waiting", turnId: null, isDucked: false })
  }
  const onTurnEvent = (of: Spoken, event: TurnEvent): void => {
    if (event.type === "turn-end") {
      closeTurn(of)
      return
    }
    if (event.type === "listen-end") {
      of.frames.end()
      of.stage = "thinking"
      // The question is the turn's: whatever is heard from here on is not to be judged by its last words.
      if (turn === of) {
        recent.length = 0
        speechRunMs = 0
        wasQuiet = false
      }
    } else if (event.type === "stt-end") of.question = event.text
    else if (event.type === "speech-start") of.stage = "speaking"
    else if (event.type === "caption") of.captions.push(event.spoken)
    if (turn === of) tell({ phase: of.stage })
  }

  /** Asks once in a while whether what is heard takes the floor. */
  const judge = async (heard: Interjection, talkedOver: Spoken): Promise<void> => {
    heard.isJudging = true
    heard.judgedMs = heard.speechMs
    try {
      const { text } = await deps.speechToText.transcribe(
        concatSamples(heard.frames.map(({ samples }) => samples)),
        {},
        signal,
      )
      if (turn !== talkedOver || interjection !== heard) return
      const { captions, question, doubted } = talkedOver
      const verdict = interruptionBy(text, captions.length > 0 ? captions.slice(-4).join(" ") : question)
      const isLong = verdict === "backchannel" && heard.speechMs >= longestBackchannelMs
      const isMeant = verdict === "doubtful-command" && doubted !== null && doubted !== heard
      if (verdict === "doubtful-command") talkedOver.doubted ??= heard
      if (verdict === "takes-floor" || isLong || isMeant) takeFloor(heard, talkedOver)
    } catch {
      // Whoever cannot be understood interrupts nothing; the next piece is tried again.
    } finally {
      heard.isJudging = false
    }
  }
  const takeFloor = (heard: Interjection, talkedOver: Spoken): void => {
    talkedOver.isStopped = true
    talkedOver.frames.end()
    void talkedOver.stop?.()
    openTurn(heard.frames)
  }

  const hearOver = (frame: AudioFrame, frameMs: number): void => {
    if (!turn) return
    if (interjection === null) {
      if (speechRunMs < onsetMs) return
      interjection = { frames: [...recent], speechMs: speechRunMs, silenceMs: 0, judgedMs: 0, isJudging: false }
      tell({ isDucked: true })
      return
    }
    const heard = interjection
    heard.frames.push(frame)
    if (isSpeech) {
      heard.speechMs += frameMs
      heard.silenceMs = 0
    } else heard.silenceMs += frameMs
    const isDue = heard.speechMs - heard.judgedMs >= judgeEveryMs
    const isLastChance = heard.silenceMs >= overAfterMs / 2 && heard.speechMs > heard.judgedMs
    if ((isDue || isLastChance) && !heard.isJudging) void judge(heard, turn)
    else if (heard.silenceMs >= overAfterMs && !heard.isJudging) {
      interjection = null
      tell({ isDucked: false })
    }
  }

  /** Between turns, asleep: only the phrase is listened for. */
  const sleep = async (frame: AudioFrame, guard: WakeGuard): Promise<void> => {
    tell({ phase: "asleep" })
    if (!(await guard.push(frame.samples, signal))) return
    awakeLeftMs = awakeMs
    neededMs = onsetAfterPhraseMs
    speechRunMs = 0
    recent.splice(0, recent.length - framesAfterPhrase)
    tell({ phase: "waiting" })
  }

  try {
    if (wake) tell({ phase: "asleep" })
    for await (const frame of deps.source.frames(signal)) {
      recent.push(frame)
      if (recent.length > preRollFrames) recent.shift()
      if (wake && turn === null && awakeLeftMs <= 0) {
        await sleep(frame, wake)
        continue
      }
      const probabilities = await stream.push(frame.samples, signal)
      // A detector's frame may end in a later one of ours: until then the last verdict holds.
      if (probabilities.length > 0) isSpeech = Math.max(...probabilities) >= speechOnset
      const frameMs = frame.samples.length / samplesPerMs
      wasQuiet ||= !isSpeech
      speechRunMs = isSpeech && wasQuiet ? speechRunMs + frameMs : 0
      // Read again: engines answered meanwhile.
      const current = turn as Spoken | null
      if (current?.stage !== "listening") scores.speech(probabilities)
      if (current === null) {
        awakeLeftMs -= frameMs
        if (speechRunMs >= neededMs) {
          neededMs = onsetMs
          openTurn(recent)
        }
      } else if (current.stage === "listening") current.frames.push(frame)
      else hearOver(frame, frameMs)
    }
  } finally {
    const last = turn as Spoken | null
    last?.frames.end()
    await stream.close().catch(() => undefined)
    await wake?.close()
    tell({ phase: "ended", isDucked: false })
  }
}
