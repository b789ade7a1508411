import { Mic } from "lucide-react"
import { Button } from "../../ui/Button.tsx"
import { useVoice } from "../voice/voiceStore.ts"
import { strings } from "./strings.ts"
import { chosenPhrase, enableWake, useWake } from "./wakeStore.ts"
import "./wake.css"

/** As long as the microphone waits for the phrase, every page says so and can end it. */
export function WakeBanner() {
  const isAsleep = useVoice((state) => state.isAsleep)
  const phrase = useWake((state) => chosenPhrase(state.status))
  if (!isAsleep) return null
  return (
    <div className="wake-banner" role="status">
      <Mic size={14} aria-hidden />
      <i className="wake-dot" aria-hidden />
      <span>{strings.listening(phrase)}</span>
      <Button small onClick={() => void enableWake(false)}>
        {strings.stop}
      </Button>
    </div>
  )
}
