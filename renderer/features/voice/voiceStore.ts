import { create } from "zustand"
import type { TurnState } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { api } from "../../api/client.ts"
import { onAudio, sendAudio } from "../../api/socket.ts"
import { chatKey } from "../chat/chatStore.ts"
import { startTurn } from "../chat/liveTurns.ts"
import { toastFailure } from "../frame/attempt.ts"
import { useModels } from "../models/modelsStore.ts"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { type HandsFree, startHandsFree } from "./handsFree.ts"
import { type Microphone, MicrophoneError, type MicrophoneProblem, openMicrophone } from "./microphone.ts"
import { openPlayer, type Player, type PlayerReport } from "./player.ts"
import { speakWithSystemVoice, stopSystemVoice } from "./systemVoice.ts"

export interface LitSentence {
  turnId: string
  messageId: string | null
  /** −1: no part of the answer's text. */
  start: number
  end: number
  /** The passage that is being quoted aloud beside the text. */
  quoted?: number | null
}

interface VoiceState {
  /** `waiting`: hands-free, between two turns. */
  phase: "idle" | "waiting" | "listening" | "thinking" | "speaking"
  isHandsFree: boolean
  /** The microphone is open for the wake phrase alone; `phase` is idle. */
  isAsleep: boolean
  isMicrophoneOpen: boolean
  /** 0..1, of the microphone while listening, of the speech while speaking. */
  level: number
  startedAt: number
  caption: { settled: string; unsettled: string }
  turnId: string | null
  problem: MicrophoneProblem | "no-model" | null
  lit: LitSentence | null
  inputId: string | null
}

const idle = {
  phase: "idle",
  isHandsFree: false,
  isAsleep: false,
  isMicrophoneOpen: false,
  level: 0,
  caption: { settled: "", unsettled: "" },
  turnId: null,
  lit: null,
} as const

export const useVoice = create<VoiceState>(() => ({
  ...idle,
  startedAt: 0,
  problem: null,
  inputId: window.localStorage.getItem("zenglow.microphone"),
}))

const set = useVoice.setState
const get = useVoice.getState

/** The sentence that is being heard, when it belongs to this answer. */
export function litSentence(state: VoiceState, turnId: string | null, messageId: string | null): LitSentence | null {
  const { lit } = state
  return lit && (lit.turnId === turnId || (messageId !== null && lit.messageId === messageId)) ? lit : null
}

/** One spoken exchange: everything that a stop must end at once. */
interface Session {
  streamId: number
  turnId: string | null
  microphone: Microphone | null
  /** The conversation that opens the turns; null where a press does. */
  handsFree: HandsFree | null
  isHandsFree: boolean
  /** As the core last said. */
  isAsleep: boolean
  /** Frames captured before the core knows the stream. */
  waiting: Int16Array[]
  sequence: number
  isReleased: boolean
  isSpeechComplete: boolean
  isSystemVoice: boolean
  turn: TurnState | null
  heardMs: number
  reportedMs: number
}

let session: Session | null = null
let player: Promise<Player> | null = null

/** Key or button down. While the assistant thinks or speaks, this stops it. */
export async function startTalking(): Promise<void> {
  stopEverything()
  const capabilities = useModels.getState().bundle?.capabilities
  if (capabilities && !capabilities.listen) {
    set({ problem: "no-model" })
    return
  }
  const current = createSession()
  session = current
  set({ ...idle, phase: "listening", isMicrophoneOpen: true, startedAt: Date.now(), problem: null })
  void ensurePlayer()
  try {
    current.microphone = await openMicrophone(get().inputId, (samples, rms) => capture(current, samples, rms))
  } catch (error) {
    if (session === current) session = null
    set({ ...idle, problem: error instanceof MicrophoneError ? error.problem : "busy" })
    return
  }
  if (session !== current) return current.microphone.close()
  const turnId = await startTurn(chatKey(), {
    kind: "voice",
    source: { type: "socket", streamId: current.streamId },
    onEvent: (event, turn) => onTurnEvent(current, event, turn),
  })
  if (session !== current) {
    if (turnId) void api("DELETE /api/turns/:turnId", { params: { turnId } }).catch(() => undefined)
    return
  }
  if (!turnId) return stopEverything()
  current.turnId = turnId
  set({ turnId })
  for (const samples of current.waiting) sendAudio(current.streamId, current.sequence++, samples)
  current.waiting = []
  if (current.isReleased) tellReleased(current, turnId)
}

function createSession(): Session {
  const capabilities = useModels.getState().bundle?.capabilities
  return {
    // Any number not in use on this socket; 31 bits keep it positive everywhere.
    streamId: 1 + Math.floor(Math.random() * 0x7ffffffe),
    turnId: null,
    microphone: null,
    handsFree: null,
    isHandsFree: false,
    isAsleep: false,
    waiting: [],
    sequence: 0,
    isReleased: false,
    isSpeechComplete: false,
    isSystemVoice: capabilities ? !capabilities.speak : false,
    turn: null,
    heardMs: 0,
    reportedMs: 0,
  }
}

/**
 * Talking without hands: the microphone stays open, each pause ends a turn, and talking over the answer stops it. `isWaking`: it sleeps until
 * its phrase is said, and again when nobody goes on; true when it listens.
 */
export async function startConversation({ isWaking = false } = {}): Promise<boolean> {
  stopEverything()
  const capabilities = useModels.getState().bundle?.capabilities
  if (capabilities && !capabilities.listen) {
    set({ problem: "no-model" })
    return false
  }
  const current = { ...createSession(), isHandsFree: true, isReleased: false }
  session = current
  const began = isWaking ? ({ isAsleep: true } as const) : ({ phase: "waiting", isHandsFree: true } as const)
  set({ ...idle, ...began, isMicrophoneOpen: true, startedAt: Date.now(), problem: null })
  void ensurePlayer()
  try {
    current.microphone = await openMicrophone(get().inputId, (samples, rms) => capture(current, samples, rms))
  } catch (error) {
    if (session === current) session = null
    set({ ...idle, problem: error instanceof MicrophoneError ? error.problem : "busy" })
    return false
  }
  try {
    current.handsFree = await startHandsFree(current.streamId, isWaking, {
      onState: (state) => onConversationState(current, state),
      onTurn: (turnId) => beginTurn(current, turnId),
      onTurnEvent: (event, turn) => onTurnEvent(current, event, turn),
    })
  } catch (error) {
    if (session === current) stopEverything()
    toastFailure(error)
    return false
  }
  if (session !== current) {
    current.microphone.close()
    current.handsFree.end()
    return true
  }
  for (const samples of current.waiting) sendAudio(current.streamId, current.sequence++, samples)
  current.waiting = []
  return true
}

/** Share of the volume that is left while somebody talks over the answer. */
const duckedShare = 0.2

function onConversationState(current: Session, state: ConversationState): void {
  if (session !== current) return
  if (state.phase === "ended") {
    current.isReleased = true
    end(current)
    return
  }
  lower(state.isDucked)
  current.isAsleep = state.phase === "asleep"
  const { phase } = get()
  if (state.phase === "asleep") {
    // What is still in the loudspeaker is heard to its end.
    if (phase !== "speaking") set({ ...idle, isAsleep: true, isMicrophoneOpen: true })
    return
  }
  if (get().isAsleep) set({ isAsleep: false, isHandsFree: true, startedAt: Date.now() })
  // Still in the loudspeaker: its end, or its turn's, says when.
  if (state.phase === "waiting" && phase === "speaking") return
  if (state.phase === "listening" && phase !== "listening") silence()
  if (phase !== state.phase) set({ phase: state.phase, level: 0 })
}

/** The loudspeaker falls silent, at full volume for what comes next. */
function silence(): void {
  stopSystemVoice()
  void player?.then((opened) => opened.flush())
  lower(false)
}

/** Somebody talks over the answer, or not any more. */
function lower(isDucked: boolean): void {
  void player?.then((opened) => opened.setVolume(effectiveVolume() * (isDucked ? duckedShare : 1)))
}

/** The next turn of a conversation: what the last one still had to say is not said any more. */
function beginTurn(current: Session, turnId: string): void {
  if (session !== current) return
  silence()
  Object.assign(current, { turnId, turn: null, isSpeechComplete: false, heardMs: 0, reportedMs: 0 })
  set({ turnId, lit: null, caption: { settled: "", unsettled: "" } })
}

/** Asks a typed question whose answer is spoken, as the setting "Speak all answers" wants it. */
export async function askAloud(key: string, text: string): Promise<void> {
  stopEverything()
  const current = { ...createSession(), isReleased: true }
  session = current
  set({ ...idle, startedAt: Date.now(), problem: null })
  void ensurePlayer()
  const turnId = await startTurn(key, {
    kind: "text",
    text,
    speak: true,
    source: { type: "socket", streamId: current.streamId },
    onEvent: (event, turn) => onTurnEvent(current, event, turn),
  })
  current.turnId = turnId
  if (!turnId) end(current)
}

/** Key or button up: no more sound comes, the core answers. */
export function stopListening(): void {
  const current = session
  if (!current || current.isReleased || current.isHandsFree) return
  current.isReleased = true
  current.microphone?.close()
  set({ phase: "thinking", isMicrophoneOpen: false, level: 0 })
  if (current.turnId) tellReleased(current, current.turnId)
}

/** Microphone, generation, synthesis and playback end now; what was heard is told to the core. */
export function stopEverything(): void {
  const current = session
  session = null
  silence()
  set({ ...idle })
  if (!current) return
  current.microphone?.close()
  current.handsFree?.end()
  const { turnId } = current
  if (!turnId) return
  const heard = current.turn?.captions.length ? tellHeard(turnId, current.heardMs) : Promise.resolve()
  void heard.then(() => api("DELETE /api/turns/:turnId", { params: { turnId } })).catch(() => undefined)
}

/** Stops what is said or heard; a microphone that waits for its phrase goes on. */
export function stopTalking(): void {
  if (!get().isAsleep) stopEverything()
}

export function chooseMicrophone(deviceId: string): void {
  window.localStorage.setItem("zenglow.microphone", deviceId)
  set({ inputId: deviceId })
}

export const forgetProblem = (): void => set({ problem: null })

export function setMuted(isMuted: boolean): void {
  void changeSettings({ isMuted })
}

function capture(current: Session, samples: Int16Array, rms: number): void {
  if (session !== current || current.isReleased) return
  // Perceived loudness: −54 dB is silence, −6 dB is full. Hands-free, what is shown while speaking is the speech.
  if (get().phase !== "speaking") set({ level: Math.max(0, Math.min(1, (20 * Math.log10(rms + 1e-6) + 54) / 48)) })
  if (current.turnId || current.handsFree) sendAudio(current.streamId, current.sequence++, samples)
  else current.waiting.push(samples)
}

function onTurnEvent(current: Session, event: TurnEvent, turn: TurnState): void {
  // An interrupted turn still has its end to tell when the next one is listening already.
  if (current.isHandsFree && event.turnId !== current.turnId) return
  current.turn = turn
  if (session !== current) return
  switch (event.type) {
    case "stt-partial":
      set({ caption: captionOf(event.text, event.stableChars) })
      break
    case "stt-end":
      set({ caption: { settled: event.text, unsettled: "" } })
      break
    case "listen-end":
      if (current.isHandsFree) break
      current.isReleased = true
      current.microphone?.close()
      set({ phase: "thinking", isMicrophoneOpen: false, level: 0 })
      break
    case "speech-start":
      set({ phase: "speaking", level: 0 })
      break
    case "text-end":
      if (current.isSystemVoice) speakAnswer(current, event.text)
      break
    case "speech-end":
      current.isSpeechComplete = true
      break
    case "turn-end": {
      const isSilent = event.reason !== "complete" && event.reason !== "length" && event.reason !== "not-found"
      if (isSilent || (turn.captions.length === 0 && !current.isSystemVoice)) end(current)
      else current.isSpeechComplete = true
      break
    }
  }
}

/** Settled words stay; of what may change, at least the last two words are shown as such. */
function captionOf(text: string, stableChars: number): VoiceState["caption"] {
  const lastTwo = /\S+\s+\S+\s*$/.exec(text)?.index ?? 0
  const at = Math.min(stableChars, Math.max(lastTwo, 0))
  return { settled: text.slice(0, at), unsettled: text.slice(at) }
}

onAudio((streamId, samples) => {
  if (session?.streamId !== streamId) return
  void ensurePlayer().then((opened) => {
    if (session?.streamId === streamId) opened.push(samples)
  })
})

function onReport(report: PlayerReport): void {
  const current = session
  if (!current || get().phase !== "speaking" || current.isSystemVoice) return
  current.heardMs = report.playedMs
  set({ level: Math.min(1, report.rms * 4) })
  light(current, report.playedMs)
  if (current.turnId && report.playedMs - current.reportedMs >= 500) {
    current.reportedMs = report.playedMs
    void tellHeard(current.turnId, report.playedMs)
  }
  if (current.isSpeechComplete && report.bufferedMs === 0 && report.playedMs > 0) {
    if (current.turnId) void tellHeard(current.turnId, report.playedMs)
    end(current)
  }
}

function light(current: Session, playedMs: number): void {
  const { turn } = current
  const caption = turn?.captions.findLast((entry) => entry.startMs <= playedMs)
  if (!turn || !caption) return
  const { turnId, messageId } = turn
  if (caption.isAside) {
    const citation = caption.citations?.[0] ?? null
    if (get().lit?.quoted !== citation) set({ lit: { turnId, messageId, start: -1, end: -1, quoted: citation } })
    return
  }
  let from = 0
  for (const earlier of turn.captions) {
    if (earlier.index >= caption.index) break
    if (earlier.isAside) continue
    const at = turn.text.indexOf(earlier.text, from)
    if (at >= 0) from = at + earlier.text.length
  }
  const start = turn.text.indexOf(caption.text, from)
  if (start < 0 || get().lit?.start === start) return
  set({ lit: { turnId: turn.turnId, messageId: turn.messageId, start, end: start + caption.text.length } })
}

/** No voice is installed: the window's own reads the answer. */
function speakAnswer(current: Session, text: string): void {
  set({ phase: "speaking" })
  speakWithSystemVoice(text, {
    volume: effectiveVolume(),
    rate: useSettings.getState().values.speechRate ?? 1,
    onSentence: (start, end) => {
      if (session !== current || !current.turn) return
      set({ lit: { turnId: current.turn.turnId, messageId: current.turn.messageId, start, end } })
    },
    onEnd: () => end(current),
  })
}

function end(current: Session): void {
  if (session !== current) return
  if (current.isHandsFree && current.handsFree && current.microphone && !current.isReleased) {
    // The turn is over, the conversation goes on.
    if (current.isAsleep) set({ ...idle, isAsleep: true, isMicrophoneOpen: true })
    else set({ phase: "waiting", lit: null, level: 0, caption: { settled: "", unsettled: "" } })
    return
  }
  session = null
  current.microphone?.close()
  silence()
  set({ ...idle })
}

export const effectiveVolume = (): number => {
  const { volume = 1, isMuted = false } = useSettings.getState().values
  return isMuted ? 0 : volume
}

function ensurePlayer(): Promise<Player> {
  player ??= openPlayer(onReport).then((opened) => {
    opened.setVolume(effectiveVolume())
    return opened
  })
  return player
}

useSettings.subscribe((state, previous) => {
  if (state.values.volume === previous.values.volume && state.values.isMuted === previous.values.isMuted) return
  void player?.then((opened) => opened.setVolume(effectiveVolume()))
})

/** The end travels behind the last frame, so that no word is cut off; by HTTP only where the socket is gone. */
function tellReleased(current: Session, turnId: string): void {
  if (sendAudio(current.streamId, current.sequence++, new Int16Array(0))) return
  void api("POST /api/turns/:turnId/release", { params: { turnId } }).catch(() => undefined)
}

const tellHeard = (turnId: string, playedMs: number): Promise<unknown> =>
  api("POST /api/turns/:turnId/heard", { params: { turnId }, body: { playedMs: Math.round(playedMs) } }).catch(
    () => undefined,
  )
