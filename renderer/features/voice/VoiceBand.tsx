import { Square } from "lucide-react"
import { useEffect, useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { formatClock } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { goTo } from "../frame/frameStore.ts"
import { problems, strings } from "./strings.ts"
import { forgetProblem, stopEverything, useVoice } from "./voiceStore.ts"
import "./voice.css"

/** The composer while talking: level, live caption, state, time, stop. */
export function VoiceBand() {
  const phase = useVoice((state) => state.phase)
  const caption = useVoice((state) => state.caption)
  const isHandsFree = useVoice((state) => state.isHandsFree)
  if (phase === "idle") return null
  const isEmpty = caption.settled === "" && caption.unsettled === ""
  return (
    <div className={`voice-band ${phase}`}>
      <Glow />
      <div className="voice-words">
        <div className="voice-state">
          <span role="status">{strings.phases[phase]}</span>
          <Elapsed />
        </div>
        <p className="voice-caption" aria-live="off">
          {isEmpty ? (
            <span className="faint">
              {phase === "listening" ? strings.listeningHint : phase === "waiting" ? strings.waitingHint : ""}
            </span>
          ) : (
            <>
              {caption.settled}
              <span className="unsettled">{caption.unsettled}</span>
            </>
          )}
        </p>
      </div>
      <Button small aria-label={isHandsFree ? strings.endHandsFree : undefined} onClick={stopEverything}>
        <Square size={11} fill="currentColor" aria-hidden />
        {isHandsFree ? strings.end : strings.stop}
      </Button>
    </div>
  )
}

function Glow() {
  const level = useVoice((state) => state.level)
  return (
    <div className="voice-glow" aria-hidden>
      <span style={{ transform: `scale(${1 + level * 0.75})`, opacity: 0.35 + level * 0.5 }} />
      <i />
    </div>
  )
}

function Elapsed() {
  const startedAt = useVoice((state) => state.startedAt)
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  return <span className="faint numbers">{formatClock(Math.max(0, now - startedAt))}</span>
}

/** Which microphone problem there is, and how to fix it; typing stays possible. */
export function VoiceProblem() {
  const problem = useVoice((state) => state.problem)
  if (!problem) return null
  const { title, remedy } = problems[problem]
  return (
    <div className="voice-problem">
      <Notice
        tone="warning"
        title={title}
        remedy={remedy}
        action={
          <div className="row">
            {problem === "no-model" ? (
              <Button small onClick={() => goTo("models")}>
                {strings.getModel}
              </Button>
            ) : null}
            <Button
              small
              variant="quiet"
              onClick={() => {
                forgetProblem()
                document.getElementById("composer")?.focus()
              }}
            >
              {strings.typeInstead}
            </Button>
          </div>
        }
      />
    </div>
  )
}
