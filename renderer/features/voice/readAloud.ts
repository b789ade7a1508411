import { create } from "zustand"
import { apiBytes, asApiError } from "../../api/client.ts"
import { toast } from "../frame/frameStore.ts"
import { useModels } from "../models/modelsStore.ts"
import { useSettings } from "../settings/settingsStore.ts"
import { speakWithSystemVoice, stopSystemVoice } from "./systemVoice.ts"
import { effectiveVolume } from "./voiceStore.ts"

/** Which answer is being read aloud. */
export const useReading = create<{ messageId: string | null }>(() => ({ messageId: null }))

/** Characters per request: the first piece sounds soon, the rest is fetched while it is heard. */
const pieceLength = 400

let abort: AbortController | null = null

export async function readAloud(messageId: string, text: string): Promise<void> {
  stopReading()
  abort = new AbortController()
  const { signal } = abort
  useReading.setState({ messageId })
  const finish = () => {
    if (!signal.aborted) useReading.setState({ messageId: null })
  }
  const { values } = useSettings.getState()
  if (!useModels.getState().bundle?.capabilities.speak) {
    speakWithSystemVoice(text, { volume: effectiveVolume(), rate: values.speechRate ?? 1, onEnd: finish })
    return
  }
  try {
    const fetchPiece = (piece: string) =>
      apiBytes("POST /audio/tts", {
        body: { text: piece, speed: values.speechRate ?? 1, ...(values.voice ? { voice: values.voice } : {}) },
        signal,
      }).then((response) => response.blob())
    const parts = pieces(text)
    let next = parts[0] ? fetchPiece(parts[0]) : null
    for (let index = 0; index < parts.length && next; index++) {
      const sound = await next
      const following = parts[index + 1]
      next = following ? fetchPiece(following) : null
      await play(sound, signal)
    }
  } catch (error) {
    if (!signal.aborted) toast(asApiError(error).message, { tone: "danger" })
  } finally {
    finish()
  }
}

export function stopReading(): void {
  abort?.abort()
  abort = null
  stopSystemVoice()
  useReading.setState({ messageId: null })
}

function play(sound: Blob, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(sound)
    const audio = new Audio(url)
    audio.volume = effectiveVolume()
    const done = () => {
      audio.pause()
      URL.revokeObjectURL(url)
      resolve()
    }
    audio.onended = done
    audio.onerror = () => reject(new Error("The speech could not be played."))
    signal.addEventListener("abort", done, { once: true })
    audio.play().catch(reject)
  })
}

/** Whole sentences, up to `pieceLength` characters each; code and tables are not read. */
export function pieces(text: string): string[] {
  const plain = text
    .replace(/```[\s\S]*?(```|$)/g, " ")
    .replace(/^\|.*\|\s*$/gm, " ")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`#>~]+/g, "")
  const result: string[] = []
  for (const { segment } of new Intl.Segmenter("en", { granularity: "sentence" }).segment(plain)) {
    const sentence = segment.replace(/\s+/g, " ").trim()
    if (sentence === "") continue
    const last = result.at(-1)
    if (last !== undefined && last.length + sentence.length < pieceLength)
      result[result.length - 1] = `${last} ${sentence}`
    else result.push(sentence.slice(0, 4000))
  }
  return result
}
