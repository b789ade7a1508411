import { useEffect } from "react"
import { isTyping } from "../frame/useGlobalKeys.ts"
import { startTalking, stopEverything, stopListening, useVoice } from "./voiceStore.ts"

/** Shorter than this is a click: listening goes on until the next one. */
export const holdMs = 300

let pressedAt = 0

/** Button or key down. */
export function pressTalk(): void {
  pressedAt = Date.now()
  const { phase } = useVoice.getState()
  if (phase === "listening") stopListening()
  else if (phase === "idle") void startTalking()
  else stopEverything()
}

/** Button or key up: ends a hold; a click goes on. */
export function releaseTalk(): void {
  if (useVoice.getState().phase === "listening" && Date.now() - pressedAt >= holdMs) stopListening()
}

/** Space held anywhere but in a text field or on a control, Mod+Shift+V anywhere, Esc to stop. */
export function usePushToTalk(): void {
  useEffect(() => {
    const onDown = (event: KeyboardEvent) => {
      const isMod = event.ctrlKey || event.metaKey
      if (event.code === "Space" && !isMod && !event.repeat && !isTyping(event.target) && !isControl(event.target)) {
        event.preventDefault()
        pressTalk()
      } else if (
        event.code === "Space" &&
        event.repeat &&
        useVoice.getState().phase !== "idle" &&
        !isTyping(event.target)
      ) {
        event.preventDefault()
      } else if (isMod && event.shiftKey && event.key.toLowerCase() === "v") {
        event.preventDefault()
        pressedAt = 0
        pressTalk()
        pressedAt = Date.now()
      } else if (event.key === "Escape" && useVoice.getState().phase !== "idle") {
        event.preventDefault()
        stopEverything()
      }
    }
    const onUp = (event: KeyboardEvent) => {
      if (event.code === "Space" && !isTyping(event.target) && !isControl(event.target)) releaseTalk()
    }
    // A key let go in another window must not leave the microphone open.
    const onBlur = () => releaseTalk()
    window.addEventListener("keydown", onDown)
    window.addEventListener("keyup", onUp)
    window.addEventListener("blur", onBlur)
    const offTalk = window.zenglow?.onToggleTalk?.(() => {
      pressTalk()
      pressedAt = Date.now()
    })
    return () => {
      window.removeEventListener("keydown", onDown)
      window.removeEventListener("keyup", onUp)
      window.removeEventListener("blur", onBlur)
      offTalk?.()
    }
  }, [])
}

const isControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest("button, a, summary, [role=slider], [role=menuitem], [role=dialog]") !== null
