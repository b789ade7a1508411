import { useEffect, useRef } from "react"
import { Button } from "../../ui/Button.tsx"
import { formatDuration } from "../../ui/format.ts"
import { startConversation, stopEverything, useVoice } from "../voice/voiceStore.ts"
import { useWake } from "../wake/wakeStore.ts"
import { strings } from "./strings.ts"
import { useTuning } from "./tuningStore.ts"

/** Each detector's score beside what it is held against, while somebody talks. */
export function LiveScores() {
  const { speech, pause, speaker } = useTuning()
  const isTalking = useVoice((state) => state.phase !== "idle")
  const isAsleep = useVoice((state) => state.isAsleep)
  const wake = useWake()
  const hasBegun = useRef(false)
  // Who leaves the page talks no more: nothing would show that the microphone is open.
  useEffect(
    () => () => {
      if (hasBegun.current) stopEverything()
    },
    [],
  )
  const talk = () => {
    hasBegun.current = !isTalking
    if (isTalking) stopEverything()
    else void startConversation()
  }
  return (
    <div className="stack" style={{ gap: 8 }}>
      <div className="row">
        <p className="grow soft">{strings.live}</p>
        <Button small onClick={talk} aria-pressed={isTalking}>
          {isTalking ? strings.stop : strings.talk}
        </Button>
      </div>
      <dl className="live-scores">
        <Score
          name={strings.speech}
          value={speech?.score ?? null}
          threshold={speech?.threshold ?? 0.5}
          text={speech ? strings.percent(speech.score, speech.threshold) : strings.quiet}
        />
        <Score
          name={strings.pause}
          value={pause ? Math.min(1, pause.silenceMs / pause.waitMs) : null}
          threshold={1}
          text={
            pause
              ? strings.waited(
                  formatDuration(pause.silenceMs),
                  formatDuration(pause.waitMs),
                  pause.completion === null ? null : Math.round(pause.completion * 100),
                )
              : strings.quiet
          }
        />
        <Score
          name={strings.speaker}
          value={speaker?.similarity ?? null}
          threshold={speaker?.threshold ?? 0.5}
          text={
            speaker
              ? `${speaker.name ?? strings.nobody} · ${strings.percent(speaker.similarity, speaker.threshold)}`
              : strings.quiet
          }
        />
        {isAsleep ? (
          <Score
            name={strings.wake}
            value={wake.score}
            threshold={wake.threshold}
            text={strings.percent(wake.score, wake.threshold)}
          />
        ) : null}
      </dl>
    </div>
  )
}

function Score({
  name,
  value,
  threshold,
  text,
}: {
  name: string
  /** 0..1; null: nothing heard yet. */
  value: number | null
  threshold: number
  text: string
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <div className={`live-score-bar ${value !== null && value >= threshold ? "reached" : ""}`} aria-hidden>
          <span style={{ width: `${Math.max(0, Math.min(1, value ?? 0)) * 100}%` }} />
          <i style={{ left: `calc(${threshold * 100}% - 2px)` }} />
        </div>
        <span className="numbers">{text}</span>
      </dd>
    </div>
  )
}
