import { AudioLines } from "lucide-react"
import { IconButton } from "../../ui/Button.tsx"
import { strings } from "./strings.ts"
import { startConversation, stopEverything, useVoice } from "./voiceStore.ts"

/** Starts and ends a conversation without hands. While it is on, the microphone is open, and this shows it. */
export function HandsFreeButton() {
  const isOn = useVoice((state) => state.isHandsFree)
  const isBusy = useVoice((state) => state.phase !== "idle" && !state.isHandsFree)
  if (isBusy) return null
  return (
    <IconButton
      label={strings.handsFree}
      keys={isOn ? "Esc" : undefined}
      className={isOn ? "hands-free on" : "hands-free"}
      aria-pressed={isOn}
      onClick={() => (isOn ? stopEverything() : void startConversation())}
    >
      <AudioLines size={17} />
    </IconButton>
  )
}
