import { useEffect, useState } from "react"
import type { Message } from "#contract/conversations.ts"
import { api, apiBytes, asApiError, saveAs } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { formatDuration, formatTime } from "../../ui/format.ts"
import { goTo, toast } from "../frame/frameStore.ts"
import { Waterfall } from "../metrics/Waterfall.tsx"
import { strings } from "./strings.ts"

/** The last spoken turns over time, and a report for whoever helps. */
export function TuningCard() {
  const [turns, setTurns] = useState<Message[] | null>(null)
  useEffect(() => {
    let isGone = false
    spokenTurns()
      .catch(() => [])
      .then((found) => (isGone ? undefined : setTurns(found)))
    return () => {
      isGone = true
    }
  }, [])
  const waits = (turns ?? []).map(firstSoundMs).filter((wait) => wait !== null)
  const middle = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]
  return (
    <section className="card stack" data-setting="tuning" aria-label={strings.title}>
      <div>
        <h2>{strings.title}</h2>
        <p className="soft">{strings.text}</p>
        {middle === undefined ? null : <p>{strings.average(formatDuration(middle), waits.length)}</p>}
      </div>
      {turns?.length === 0 ? <p className="soft">{strings.none}</p> : null}
      {(turns ?? []).map((message) => {
        const wait = firstSoundMs(message)
        return (
          <details key={message.id}>
            <summary>
              {formatTime(message.createdAt)} ·{" "}
              {wait === null ? strings.silent : strings.firstSound(formatDuration(wait))}
            </summary>
            <button type="button" className="turn-link" onClick={() => goTo("chat", message.conversationId)}>
              <span className="truncate grow">{message.text}</span>
            </button>
            <Waterfall timings={message.timings} isSmall />
          </details>
        )
      })}
      <div>
        <Button onClick={() => void saveReport()}>{strings.report}</Button>
        <p className="faint">{strings.reportHint}</p>
      </div>
    </section>
  )
}

const conversationsRead = 8
const turnsShown = 8

async function spokenTurns(): Promise<Message[]> {
  const { items } = await api("GET /api/conversations", { query: { limit: conversationsRead } })
  const recent = items.filter((entry) => entry.messageCount > 0 && entry.messageCount < 400)
  const lists = await Promise.all(
    recent.map((entry) => api("GET /api/conversations/:id/messages", { params: { id: entry.id } })),
  )
  return lists
    .flatMap((list) => list.items)
    .filter(({ role, kind, timings }) => role === "assistant" && kind === "voice" && timings.length > 0)
    .sort((left, right) => right.createdAt - left.createdAt)
    .slice(0, turnsShown)
}

const firstSoundMs = ({ timings }: Message): number | null =>
  timings.find(({ name }) => name === "first-audio")?.endMs ?? null

async function saveReport(): Promise<void> {
  try {
    await saveAs(await apiBytes("GET /diagnostics/bundle", { query: {} }), "zenglow-problem-report.zip")
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
  }
}
