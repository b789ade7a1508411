import { useState } from "react"
import type { ErasureProof, PiiSubject } from "#contract/pii.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { attempt } from "../frame/attempt.ts"
import { ErasureResult } from "../settings/ErasureResult.tsx"
import { ProtectForm } from "./ProtectForm.tsx"
import { strings } from "./strings.ts"
import "./vault.css"

type Asked = { what: "remove"; subject: PiiSubject } | { what: "erase"; subject: PiiSubject; mentions: string }

/** People whose data is looked after. Who they are is shown only when asked for, for each look is in the audit log. */
export default function VaultPage() {
  const [subjects, setSubjects] = useState<PiiSubject[] | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [asked, setAsked] = useState<Asked | null>(null)
  const [proof, setProof] = useState<ErasureProof | null>(null)
  const show = async () => {
    setIsBusy(true)
    setError(null)
    try {
      setSubjects((await api("GET /api/pii/subjects")).items)
    } catch (reason) {
      setError(reason)
    }
    setIsBusy(false)
  }
  const forget = ({ id }: PiiSubject) => setSubjects((before) => before?.filter((subject) => subject.id !== id) ?? null)
  const askToErase = async (subject: PiiSubject) => {
    const found = await attempt(() => api("GET /api/pii/subjects/:id/mentions", { params: { id: subject.id } }))
    if (found) setAsked({ what: "erase", subject, mentions: strings.mentions(found) })
  }
  const confirmed = async ({ what, subject }: Asked) => {
    const params = { id: subject.id }
    setIsBusy(true)
    setProof(null)
    if (what === "remove") {
      if (await attempt(() => api("DELETE /api/pii/subjects/:id", { params }))) forget(subject)
    } else {
      const erased = await attempt(() =>
        api("POST /api/pii/subjects/:id/erase", { params, body: { confirm: "erase" } }),
      )
      if (erased) {
        setProof(erased.proof)
        forget(subject)
      }
    }
    setIsBusy(false)
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the page scrolls by keyboard
    <div className="page scroll" tabIndex={0}>
      <header className="page-header vault-column">
        <h1 className="grow">{strings.title}</h1>
      </header>
      <div className="page-body vault-column vault-body">
        <p className="soft">{strings.intro}</p>
        {error ? <Failure error={error} onRetry={() => void show()} /> : null}
        {subjects === null ? (
          <div className="row vault-show">
            <Button disabled={isBusy} onClick={() => void show()}>
              {isBusy ? strings.loading : strings.show}
            </Button>
            <span className="soft">{strings.showText}</span>
          </div>
        ) : (
          <Subjects
            subjects={subjects}
            isBusy={isBusy}
            onRemove={(subject) => setAsked({ what: "remove", subject })}
            onErase={(subject) => void askToErase(subject)}
          />
        )}
        {isBusy && subjects !== null ? <p role="status">{strings.erasing}</p> : null}
        {proof ? <ErasureResult proof={proof} /> : null}
        <ProtectForm onAdded={(subject) => setSubjects((before) => before && [...before, subject])} />
      </div>
      <Confirm
        title={asked === null ? "" : strings[`${asked.what}Title`](asked.subject.label)}
        description={
          asked?.what === "erase" ? strings.eraseText(asked.subject.label, asked.mentions) : strings.removeText
        }
        action={asked?.what === "erase" ? strings.erase : strings.remove}
        cancel={strings.cancel}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={() => {
          if (asked) void confirmed(asked)
        }}
      />
    </div>
  )
}

interface SubjectsProps {
  subjects: readonly PiiSubject[]
  isBusy: boolean
  onRemove: (subject: PiiSubject) => void
  onErase: (subject: PiiSubject) => void
}

function Subjects({ subjects, isBusy, onRemove, onErase }: SubjectsProps) {
  if (subjects.length === 0) return <p className="soft">{strings.none}</p>
  return subjects.map((subject) => (
    <section key={subject.id} className="card stack vault-subject" aria-label={subject.label}>
      <h2>{subject.label}</h2>
      <dl>
        {subject.identifiers.map(({ id, kind, value }) => (
          <div key={id}>
            <dt className="faint">{strings.kinds[kind]}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="row vault-show">
        <Button small disabled={isBusy} onClick={() => onRemove(subject)}>
          {strings.remove}
        </Button>
        <Button small variant="danger" disabled={isBusy} onClick={() => onErase(subject)}>
          {strings.erase}
        </Button>
      </div>
    </section>
  ))
}
