import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react"
import { apiBytes } from "../../api/client.ts"
import { strings } from "./strings.ts"

export interface SoundHandle {
  /** Plays from here, as soon as the recording is there. */
  seek(ms: number): void
}

/** The recording behind a transcript, ready at the passage. Fetched with the session's token, so it is never a plain link. */
export function SoundPlayer({
  documentId,
  startMs,
  ref,
}: {
  documentId: string
  startMs: number
  ref: Ref<SoundHandle>
}) {
  const [address, setAddress] = useState<string | null>(null)
  const [hasFailed, setHasFailed] = useState(false)
  const player = useRef<HTMLAudioElement>(null)
  useEffect(() => {
    const abort = new AbortController()
    let made: string | null = null
    setAddress(null)
    setHasFailed(false)
    apiBytes("GET /api/documents/:id/sound", { params: { id: documentId }, signal: abort.signal })
      .then((response) => response.blob())
      .then((blob) => {
        if (abort.signal.aborted) return
        made = URL.createObjectURL(blob)
        setAddress(made)
      })
      .catch(() => {
        if (!abort.signal.aborted) setHasFailed(true)
      })
    return () => {
      abort.abort()
      if (made) URL.revokeObjectURL(made)
    }
  }, [documentId])
  const place = (ms: number): void => {
    if (player.current) player.current.currentTime = ms / 1000
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: another passage of the same recording moves the same player
  useEffect(() => place(startMs), [startMs])
  useImperativeHandle(ref, () => ({
    seek(ms) {
      place(ms)
      void player.current?.play().catch(() => undefined)
    },
  }))
  if (hasFailed) return <p className="soft">{strings.source.noSound}</p>
  return (
    // biome-ignore lint/a11y/useMediaCaption: the transcript below is its caption
    <audio
      ref={player}
      className="source-sound"
      controls
      preload="metadata"
      src={address ?? undefined}
      aria-label={strings.source.sound}
      onLoadedMetadata={() => place(startMs)}
    />
  )
}
