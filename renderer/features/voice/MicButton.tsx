import { Mic, Square } from "lucide-react"
import { useRef } from "react"
import { IconButton } from "../../ui/Button.tsx"
import { strings } from "./strings.ts"
import { pressTalk, releaseTalk } from "./usePushToTalk.ts"
import { useVoice } from "./voiceStore.ts"

/** Hold to talk, or click to start and click to end; while the assistant answers, a press stops it. */
export function MicButton() {
  const phase = useVoice((state) => state.phase)
  const isHandsFree = useVoice((state) => state.isHandsFree)
  const isPointer = useRef(false)
  if (isHandsFree) return null
  const isIdle = phase === "idle"
  const label = isIdle ? strings.talk : phase === "listening" ? strings.finish : strings.stop
  return (
    <IconButton
      label={label}
      keys={isIdle ? "Space" : "Esc"}
      className={`mic-button ${phase}`}
      aria-pressed={!isIdle}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        isPointer.current = true
        event.currentTarget.setPointerCapture(event.pointerId)
        pressTalk()
      }}
      onPointerUp={() => releaseTalk()}
      onPointerCancel={() => releaseTalk()}
      onClick={() => {
        // The pointer was served by its press; this click comes from the keyboard.
        if (!isPointer.current) pressTalk()
        isPointer.current = false
      }}
    >
      {isIdle || phase === "listening" ? <Mic size={17} /> : <Square size={13} fill="currentColor" />}
    </IconButton>
  )
}
