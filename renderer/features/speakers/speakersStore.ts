import { create } from "zustand"
import type { SpeakerProfile } from "#contract/speakers.ts"
import { api } from "../../api/client.ts"

interface SpeakersState {
  items: SpeakerProfile[]
  isLoaded: boolean
  error: unknown
}

export const useSpeakers = create<SpeakersState>(() => ({ items: [], isLoaded: false, error: null }))

export async function loadSpeakers(): Promise<void> {
  try {
    const { speakers } = await api("GET /audio/speakers")
    useSpeakers.setState({ items: speakers, isLoaded: true, error: null })
  } catch (error) {
    useSpeakers.setState({ error, isLoaded: true })
  }
}

export async function renameSpeaker(id: string, name: string): Promise<void> {
  await api("PATCH /audio/speakers/:id", { params: { id }, body: { name } })
  await loadSpeakers()
}

export async function forgetSpeaker(id: string): Promise<void> {
  await api("DELETE /audio/speakers/:id", { params: { id } })
  await loadSpeakers()
}
