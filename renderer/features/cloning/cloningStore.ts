import { create } from "zustand"
import type { ClonedVoice, CloningStatus, VoiceConsent } from "#contract/cloning.ts"
import { api } from "../../api/client.ts"

interface CloningState {
  status: CloningStatus | null
  voices: ClonedVoice[]
  consents: VoiceConsent[]
  error: unknown
}

export const useCloning = create<CloningState>(() => ({ status: null, voices: [], consents: [], error: null }))

export async function loadCloning(): Promise<void> {
  try {
    const [status, { voices }, { consents }] = await Promise.all([
      api("GET /audio/cloning"),
      api("GET /audio/cloned_voices"),
      api("GET /audio/consents"),
    ])
    useCloning.setState({ status, voices, consents, error: null })
  } catch (error) {
    useCloning.setState({ error })
  }
}

export async function acceptLicence(isAccepted: boolean): Promise<void> {
  useCloning.setState({ status: await api("PUT /audio/cloning/licence", { body: { accepted: isAccepted } }) })
}

export async function eraseVoice(id: string): Promise<void> {
  await api("DELETE /audio/cloned_voices/:id", { params: { id } })
  await loadCloning()
}

export async function revokeConsent(id: string): Promise<void> {
  await api("DELETE /audio/consents/:id", { params: { id } })
  await loadCloning()
}
