import { create } from "zustand"
import type { WakeEvent, WakeStatus } from "#contract/wake.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { toastFailure } from "../frame/attempt.ts"
import { goTo, useFrame } from "../frame/frameStore.ts"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { startConversation, stopEverything, useVoice } from "../voice/voiceStore.ts"

interface WakeState {
  status: WakeStatus | null
  error: unknown
  /** What was heard last: how close it came, and what it needed. */
  score: number
  threshold: number
  last: Exclude<WakeEvent, { type: "score" | "changed" }> | null
}

export const useWake = create<WakeState>(() => ({ status: null, error: null, score: 0, threshold: 0.5, last: null }))

export async function loadWake(): Promise<void> {
  try {
    useWake.setState({ status: await api("GET /wake/status"), error: null })
  } catch (error) {
    useWake.setState({ error })
  }
}

export async function enableWake(isOn: boolean, model?: string): Promise<void> {
  try {
    const status = await api("POST /wake/enable", { body: { enabled: isOn, ...(model ? { model } : {}) } })
    useWake.setState({ status, last: null, score: 0 })
  } catch (error) {
    toastFailure(error)
  }
}

export const setSensitivity = (wakeSensitivity: number): void => void changeSettings({ wakeSensitivity })

/** The chosen phrase as it is said. */
export const chosenPhrase = (status: WakeStatus | null): string =>
  status?.phrases.find(({ id }) => id === status.model)?.phrase ?? "Hey ZenGlow"

/** So long after talking ended, or the window opened, the microphone listens for the phrase again. */
const restMs = 400

/** While waking is on, the window's microphone waits for the phrase whenever nobody talks. Returns the end of it. */
export function keepListening(): () => void {
  let hasFailed = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const isOn = (): boolean => useSettings.getState().values.wakeEnabled === true
  const listen = async (): Promise<void> => {
    if (!isOn() || hasFailed || !isFree()) return
    // Without a microphone it would ask again and again: only switching it on anew does.
    hasFailed = !(await startConversation({ isWaking: true }))
  }
  const look = (): void => {
    clearTimeout(timer)
    if (!isOn()) {
      hasFailed = false
      if (useVoice.getState().isAsleep) stopEverything()
    } else if (!hasFailed && isFree()) timer = setTimeout(() => void listen(), restMs)
  }
  const onMessage = (event: WakeEvent): void => {
    if (event.type === "score") useWake.setState({ score: event.score, threshold: event.threshold })
    else if (event.type === "changed") void loadWake()
    else {
      useWake.setState({ last: event })
      if (event.type === "detected") answer()
    }
  }
  /** In Settings the phrase is only tried. */
  const answer = (): void => {
    if (useFrame.getState().page === "settings") stopEverything()
    else if (useFrame.getState().page !== "chat") goTo("chat")
  }
  void loadWake()
  look()
  const stops = [
    useSettings.subscribe((state, previous) => {
      if (state.values.wakeEnabled !== previous.values.wakeEnabled) look()
    }),
    useVoice.subscribe((state, previous) => {
      if (state.phase !== previous.phase || state.isAsleep !== previous.isAsleep) look()
    }),
    subscribe("wake", (message) => {
      if (message.type === "wake") onMessage(message.event)
    }),
  ]
  return () => {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}

/** Nobody talks, and nothing listens yet. */
const isFree = (): boolean => {
  const { phase, isAsleep } = useVoice.getState()
  return phase === "idle" && !isAsleep
}
