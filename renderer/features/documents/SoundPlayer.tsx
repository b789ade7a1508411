import { type Ref, useEffect, useImperativeHandle, useRef } from "react"
import { strings } from "./strings.ts"
import { useFileAddress } from "./useFileAddress.ts"

export interface SoundHandle {
  /** Plays from here, as soon as the recording is there. */
  seek(ms: number): void
}

/** The recording behind a transcript, ready at the passage. */
export function SoundPlayer({
  documentId,
  startMs,
  ref,
}: {
  documentId: string
  startMs: number
  ref: Ref<SoundHandle>
}) {
  const { address, hasFailed } = useFileAddress("GET /api/documents/:id/sound", documentId)
  const player = useRef<HTMLAudioElement>(null)
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
