import { useState } from "react"
import type { EgressEntry } from "#contract/egress.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes } from "../../ui/format.ts"
import { goTo } from "../frame/frameStore.ts"
import { ActivityTable } from "./ActivityTable.tsx"
import { Choice } from "./Choice.tsx"
import { RangeChoice } from "./RangeChoice.tsx"
import { type Range, sinceOf } from "./range.ts"
import { strings } from "./strings.ts"
import { usePages } from "./usePages.ts"
import { usePersonNames } from "./usePersonNames.ts"

type Left = Awaited<ReturnType<typeof load>>
const load = (query: NonNullable<Parameters<typeof api<"GET /api/egress">>[1]>["query"], signal: AbortSignal) =>
  api("GET /api/egress", { query, signal })

const reasons = Object.keys(strings.egress.reasons) as EgressEntry["reason"][]
const warning: readonly EgressEntry["outcome"][] = ["refused", "failed", "interrupted"]

/** What left this computer: every connection to the outside, and every one that was refused. */
export function EgressTab() {
  const [reason, setReason] = useState<EgressEntry["reason"] | "">("")
  const [range, setRange] = useState<Range | "">("")
  const [left, setLeft] = useState<Left | null>(null)
  const { nameOf } = usePersonNames()
  const { items, isLoaded, error, more, restart } = usePages<EgressEntry>(
    `${reason} ${range}`,
    async (cursor, signal) => {
      const page = await load({ cursor, reason: reason || undefined, since: sinceOf(range), limit: 50 }, signal)
      setLeft(page)
      return page
    },
  )
  const texts = strings.egress
  return (
    <>
      <p className="soft">{texts.intro}</p>
      {left ? (
        <div className="chain-status" role="status">
          <strong>{left.isOffline ? texts.offline : texts.online}</strong>
          <span className="soft">
            {texts.totals(
              left.totals.connections,
              left.totals.refused,
              formatBytes(left.totals.sentBytes),
              formatBytes(left.totals.receivedBytes),
            )}
          </span>
          <Button small onClick={() => goTo("settings", "privacy")}>
            {texts.change}
          </Button>
        </div>
      ) : null}
      <div className="filters">
        <Choice
          label={texts.reason}
          all={strings.all}
          value={reason}
          options={reasons.map((value) => ({ value, label: texts.reasons[value] }))}
          onChange={setReason}
        />
        <RangeChoice value={range} onChange={setRange} />
      </div>
      {error ? <Failure error={error} onRetry={restart} /> : null}
      {isLoaded && !error && items.length === 0 ? <p className="soft">{texts.empty}</p> : null}
      {items.length > 0 ? (
        <ActivityTable columns={texts.columns}>
          {items.map((row) => (
            <tr key={row.id}>
              <td className="numbers">{new Date(row.at).toLocaleString()}</td>
              <td>{texts.reasons[row.reason]}</td>
              <td className="truncate" title={row.host}>
                <code>{row.host}</code>
              </td>
              <td className="numbers">{row.sentBytes === null ? texts.unknown : formatBytes(row.sentBytes)}</td>
              <td className="numbers">{row.receivedBytes === null ? texts.unknown : formatBytes(row.receivedBytes)}</td>
              <td>{row.personId === null ? strings.machine : nameOf(row.personId)}</td>
              <td>
                <span className={`badge ${warning.includes(row.outcome) ? "warning" : ""}`}>
                  {texts.outcomes[row.outcome]}
                </span>{" "}
                {row.detail === null ? null : <span className="faint">{row.detail}</span>}
              </td>
            </tr>
          ))}
        </ActivityTable>
      ) : null}
      {more ? <Button onClick={more}>{strings.more}</Button> : null}
    </>
  )
}
