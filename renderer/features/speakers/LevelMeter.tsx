import { strings } from "./strings.ts"

/** How loud it is while recording, and for how long it has been going on. */
export function LevelMeter({ level, seconds }: { level: number; seconds: number }) {
  return (
    <div className="row voice-meter">
      <meter aria-label={strings.level} min={0} max={1} value={level} />
      <span className="faint numbers">{strings.seconds(seconds.toFixed(1))}</span>
    </div>
  )
}
