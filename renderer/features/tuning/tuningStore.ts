import { create } from "zustand"
import type { Message } from "#contract/conversations.ts"
import type { ListeningEvent, TurnSound } from "#contract/tuning.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { useVoice } from "../voice/voiceStore.ts"

type Of<T extends ListeningEvent["type"]> = Extract<ListeningEvent, { type: T }>

interface TuningState {
  /** Answers to the last spoken questions, newest first. Null: not read yet. */
  turns: Message[] | null
  /** What is kept, by the question it belongs to. */
  sounds: ReadonlyMap<string, TurnSound>
  speech: Of<"speech"> | null
  pause: Of<"pause"> | null
  speaker: Of<"speaker"> | null
}

export const useTuning = create<TuningState>(() => ({
  turns: null,
  sounds: new Map(),
  speech: null,
  pause: null,
  speaker: null,
}))

const conversationsRead = 8
const turnsShown = 12

export async function loadTuning(): Promise<void> {
  const [turns, sounds] = await Promise.all([
    spokenTurns().catch(() => []),
    api("GET /api/voice/sounds").catch(() => ({ items: [] })),
  ])
  useTuning.setState({ turns, sounds: new Map(sounds.items.map((sound) => [sound.messageId, sound])) })
}

/** Follows the detectors, and reads the turns again whenever one is over. Returns the end of it. */
export function followTuning(): () => void {
  void loadTuning()
  const stops = [
    subscribe("listening", (message) => {
      if (message.type === "listening") useTuning.setState({ [message.event.type]: message.event })
    }),
    useVoice.subscribe(({ phase }, before) => {
      if (phase === before.phase) return
      if (phase === "idle" || phase === "waiting") void loadTuning()
      if (phase === "listening") useTuning.setState({ pause: null, speaker: null })
      if (phase === "idle") useTuning.setState({ speech: null })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
    useTuning.setState({ speech: null, pause: null, speaker: null })
  }
}

export async function deleteSound(messageId: string): Promise<void> {
  await api("DELETE /api/voice/sounds/:id", { params: { id: messageId } })
  await loadTuning()
}

async function spokenTurns(): Promise<Message[]> {
  const { items } = await api("GET /api/conversations", { query: { limit: conversationsRead } })
  const recent = items.filter((entry) => entry.messageCount > 0 && entry.messageCount < 400)
  const lists = await Promise.all(
    recent.map((entry) => api("GET /api/conversations/:id/messages", { params: { id: entry.id } })),
  )
  return lists
    .flatMap((list) => list.items)
    .filter(({ role, kind, timings }) => role === "assistant" && kind === "voice" && timings.length > 0)
    .sort((left, right) => right.createdAt - left.createdAt)
    .slice(0, turnsShown)
}

export const firstSoundMs = ({ timings }: Message): number | null =>
  timings.find(({ name }) => name === "first-audio")?.endMs ?? null
