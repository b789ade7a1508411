import { ShieldCheck } from "lucide-react"
import { useState } from "react"
import type { AuditRow } from "#contract/audit.ts"
import { api, asApiError } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatCount } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { ActivityTable } from "./ActivityTable.tsx"
import { Choice } from "./Choice.tsx"
import { PersonFilter } from "./PersonFilter.tsx"
import { RangeChoice } from "./RangeChoice.tsx"
import { type Range, sinceOf } from "./range.ts"
import { eventText, strings } from "./strings.ts"
import { usePages } from "./usePages.ts"
import { usePersonNames } from "./usePersonNames.ts"

type Action = keyof typeof strings.audit.actions
type Outcome = keyof typeof strings.audit.outcomes
const actions = Object.keys(strings.audit.actions) as Action[]
const outcomes = Object.keys(strings.audit.outcomes) as Outcome[]

type Verdict = Awaited<ReturnType<typeof verify>>
const verify = () => api("GET /api/audit/verify")

/** The audit log, and whether it is whole. */
export function AuditTab() {
  const [action, setAction] = useState<Action | "">("")
  const [outcome, setOutcome] = useState<Outcome | "">("")
  const [person, setPerson] = useState("")
  const [range, setRange] = useState<Range | "">("")
  const { people, nameOf } = usePersonNames()
  const { items, isLoaded, error, more, restart } = usePages<AuditRow>(
    `${action} ${outcome} ${person} ${range}`,
    (cursor, signal) =>
      api("GET /api/audit", {
        query: {
          cursor,
          action: action || undefined,
          outcome: outcome || undefined,
          person: person || undefined,
          since: sinceOf(range),
          limit: 50,
        },
        signal,
      }),
  )
  const texts = strings.audit
  return (
    <>
      <p className="soft">{texts.intro}</p>
      <ChainStatus />
      <div className="filters">
        <Choice
          label={texts.action}
          all={strings.all}
          value={action}
          options={actions.map((value) => ({ value, label: texts.actions[value] }))}
          onChange={setAction}
        />
        <PersonFilter label={texts.person} people={people} value={person} onChange={setPerson} />
        <Choice
          label={texts.outcome}
          all={strings.all}
          value={outcome}
          options={outcomes.map((value) => ({ value, label: texts.outcomes[value] }))}
          onChange={setOutcome}
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
              <td>{nameOf(row.personId)}</td>
              <td>{eventText(row.action)}</td>
              <td className="truncate" title={row.subject}>
                <code>{row.subject}</code>
              </td>
              <td>
                <span className={`badge ${row.outcome === "ok" ? "" : "warning"}`}>{texts.outcomes[row.outcome]}</span>{" "}
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

function ChainStatus() {
  const [state, setState] = useState<Verdict | "checking" | { error: unknown } | null>(null)
  const run = () => {
    setState("checking")
    verify()
      .then(setState)
      .catch((error: unknown) => setState({ error: asApiError(error) }))
  }
  const texts = strings.audit
  const isChecking = state === "checking"
  return (
    <div className="chain-status" role="status">
      <Button onClick={run} disabled={isChecking}>
        <ShieldCheck size={15} aria-hidden /> {isChecking ? texts.verifying : texts.verify}
      </Button>
      {state === null || state === "checking" ? null : "error" in state ? (
        <Failure error={state.error} />
      ) : state.isIntact ? (
        <span className="success-text">{texts.intact(formatCount(state.entries))}</span>
      ) : (
        <Notice tone="danger" title={texts.broken(state.brokenAt ?? 0, texts.problems[state.problem ?? "changed"])} />
      )}
    </div>
  )
}
