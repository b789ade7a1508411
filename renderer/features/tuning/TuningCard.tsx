import { useEffect, useState } from "react"
import type { Message } from "#contract/conversations.ts"
import { apiBytes, asApiError, saveAs } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { formatDuration, formatTime } from "../../ui/format.ts"
import { goTo, toast } from "../frame/frameStore.ts"
import { Waterfall } from "../metrics/Waterfall.tsx"
import { isOwner, usePeople } from "../people/peopleStore.ts"
import { KeepSound, KeptSound } from "./KeptSound.tsx"
import { LiveScores } from "./LiveScores.tsx"
import { strings } from "./strings.ts"
import { TurnsPlot } from "./TurnsPlot.tsx"
import { firstSoundMs, followTuning, useTuning } from "./tuningStore.ts"
import "./tuning.css"

/** How voice turns went and what decides them: live scores, the last turns over time and with sound, and a report for whoever helps. */
export function TuningCard() {
  const turns = useTuning((state) => state.turns)
  useEffect(followTuning, [])
  const waits = (turns ?? []).map(firstSoundMs).filter((wait) => wait !== null)
  const middle = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]
  return (
    <section className="card stack" data-setting="tuning" aria-label={strings.title}>
      <div>
        <h2>{strings.title}</h2>
        <p className="soft">{strings.text}</p>
        {middle === undefined ? null : <p>{strings.average(formatDuration(middle), waits.length)}</p>}
      </div>
      <LiveScores />
      <TurnsPlot turns={turns ?? []} />
      {turns?.length === 0 ? <p className="soft">{strings.none}</p> : null}
      {(turns ?? []).map((message) => (
        <TurnRow key={message.id} message={message} />
      ))}
      <KeepSound />
      <Report />
    </section>
  )
}

function TurnRow({ message }: { message: Message }) {
  const [isOpen, setIsOpen] = useState(false)
  const sound = useTuning(({ sounds }) => sounds.get(message.parentId ?? ""))
  const wait = firstSoundMs(message)
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        {formatTime(message.createdAt)} · {wait === null ? strings.silent : strings.firstSound(formatDuration(wait))}
        {sound ? ` · ${strings.withSound(formatDuration(sound.durationMs))}` : null}
      </summary>
      <button type="button" className="turn-link" onClick={() => goTo("chat", message.conversationId)}>
        <span className="truncate grow">{message.text}</span>
      </button>
      <Waterfall timings={message.timings} isSmall />
      {isOpen && sound ? <KeptSound messageId={sound.messageId} /> : null}
    </details>
  )
}

/** Without sound unless it is asked for. */
function Report() {
  const [hasSound, setHasSound] = useState(false)
  const kept = useTuning(({ sounds }) => sounds.size)
  const mayReport = usePeople(isOwner)
  if (!mayReport) return null
  return (
    <div className="stack" style={{ gap: 8 }}>
      {kept === 0 ? null : (
        <label className="row">
          <input type="checkbox" checked={hasSound} onChange={(event) => setHasSound(event.target.checked)} />
          {strings.includeSound(kept)}
        </label>
      )}
      <div>
        <Button onClick={() => void saveReport(hasSound && kept > 0)}>{strings.report}</Button>
        <p className="faint">{hasSound && kept > 0 ? strings.reportWithSound : strings.reportHint}</p>
      </div>
    </div>
  )
}

async function saveReport(sound: boolean): Promise<void> {
  try {
    const query = sound ? { sound: "true" } : {}
    await saveAs(await apiBytes("GET /diagnostics/bundle", { query }), "zenglow-problem-report.zip")
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
  }
}
