import { create } from "zustand"
import type { AudioDevices, DeviceCheckEvent } from "#contract/devices.ts"
import { ApiError, api, apiBytes, asApiError } from "../../api/client.ts"
import { eventsOf } from "../../api/eventStream.ts"
import { strings } from "./strings.ts"
import { checkWindow, playWindowTone } from "./windowSound.ts"

export type Place = "window" | "machine"

interface Activity {
  kind: "tone" | "recording" | "playing"
  place: Place
}

interface SoundState {
  machine: AudioDevices | null
  error: ApiError | null
  activity: Activity | null
  level: number
  /** What the last check or tone said, and where. */
  outcome: { place: Place; text: string } | null
}

export const useSound = create<SoundState>(() => ({
  machine: null,
  error: null,
  activity: null,
  level: 0,
  outcome: null,
}))
const set = useSound.setState

/** Follows the machine's devices until the signal aborts. */
export async function followDevices(signal: AbortSignal): Promise<void> {
  try {
    set({ machine: await api("GET /audio/devices", { signal }), error: null })
    const response = await apiBytes("GET /audio/devices/events", { signal })
    for await (const event of eventsOf<{ type?: string; devices?: AudioDevices }>(response))
      if (event.type === "devices" && event.devices) set({ machine: event.devices })
  } catch (error) {
    if (!signal.aborted) set({ error: asApiError(error) })
  }
}

export const chooseDevices = (body: { input?: string | null; output?: string | null }): Promise<void> =>
  change(() => api("PUT /audio/devices/selection", { body }))
export const changeMicrophone = (body: { gain?: number; muted?: boolean }): Promise<void> =>
  change(() => api("PUT /audio/mic", { body }))

async function change(act: () => Promise<AudioDevices>): Promise<void> {
  try {
    set({ machine: await act(), error: null })
  } catch (error) {
    set({ error: asApiError(error) })
  }
}

export async function playTone(place: Place): Promise<void> {
  await during({ kind: "tone", place }, async () => {
    if (place === "window") await playWindowTone()
    else await api("POST /audio/devices/tone")
    return null
  })
}

/** Records three seconds and plays them back. */
export async function check(place: Place): Promise<void> {
  await during({ kind: "recording", place }, async () => {
    const events = place === "window" ? checkWindow(3) : await checkMachine(3)
    for await (const event of events) {
      if (event.type === "level") set({ level: event.peak })
      else if (event.type === "playing") set({ activity: { kind: "playing", place }, level: 0 })
      else if (event.type === "done") return strings.verdicts[event.verdict]
    }
    return null
  })
}

async function checkMachine(seconds: number): Promise<AsyncIterable<DeviceCheckEvent>> {
  const response = await apiBytes("POST /audio/devices/check", { body: { seconds } })
  return (async function* () {
    for await (const event of eventsOf<DeviceCheckEvent & { code?: string; message?: string; remedy?: string }>(
      response,
    )) {
      // A stream that has begun tells of its failure as an event.
      if (event.message) throw new Error([event.message, event.remedy].filter(Boolean).join(" "))
      if (event.type) yield event
    }
  })()
}

async function during(activity: Activity, act: () => Promise<string | null>): Promise<void> {
  if (useSound.getState().activity) return
  set({ activity, outcome: null, level: 0 })
  let text: string | null
  try {
    text = await act()
  } catch (error) {
    text =
      error instanceof ApiError
        ? [error.message, error.remedy].filter(Boolean).join(" ")
        : error instanceof Error
          ? error.message
          : String(error)
  }
  set({ activity: null, level: 0, outcome: text ? { place: activity.place, text } : null })
}
