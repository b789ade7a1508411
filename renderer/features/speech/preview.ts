import { create } from "zustand"
import { apiBytes, asApiError } from "../../api/client.ts"
import { toast } from "../frame/frameStore.ts"
import { effectiveVolume } from "../voice/voiceStore.ts"

/** What is being tried out: a voice's id or a word. */
export const usePreview = create<{ key: string | null }>(() => ({ key: null }))

let abort: AbortController | null = null

/** Says a short text; a second call stops the first. */
export async function preview(key: string, text: string, voice?: string): Promise<void> {
  stopPreview()
  const own = new AbortController()
  abort = own
  usePreview.setState({ key })
  try {
    const response = await apiBytes("POST /audio/tts", {
      body: { text, ...(voice === undefined ? {} : { voice }) },
      signal: own.signal,
    })
    const url = URL.createObjectURL(await response.blob())
    const sound = new Audio(url)
    sound.volume = effectiveVolume()
    const done = (): void => {
      sound.pause()
      URL.revokeObjectURL(url)
      if (abort === own) usePreview.setState({ key: null })
    }
    sound.onended = done
    own.signal.addEventListener("abort", done, { once: true })
    await sound.play()
  } catch (error) {
    if (own.signal.aborted) return
    usePreview.setState({ key: null })
    toast(asApiError(error).message, { tone: "danger" })
  }
}

export function stopPreview(): void {
  abort?.abort()
  abort = null
  usePreview.setState({ key: null })
}
