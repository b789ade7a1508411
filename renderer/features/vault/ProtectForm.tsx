import { useState } from "react"
import type { PiiIdentifier, PiiSubject } from "#contract/pii.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { attempt } from "../frame/attempt.ts"
import { strings } from "./strings.ts"

const kinds = Object.keys(strings.kinds) as PiiIdentifier["kind"][]
type Line = PiiIdentifier & { key: number }
const firstLine: Line = { key: 0, kind: "name", value: "" }

/** Puts somebody into the vault, with one or more things that tell who they are. */
export function ProtectForm({ onAdded }: { onAdded: (subject: PiiSubject) => void }) {
  const [label, setLabel] = useState("")
  const [lines, setLines] = useState<Line[]>([firstLine])
  const identifiers = lines
    .map(({ kind, value }) => ({ kind, value: value.trim() }))
    .filter(({ value }) => value.length >= 3)
  const isReady = label.trim() !== "" && identifiers.length > 0
  const change = (key: number, part: Partial<PiiIdentifier>) =>
    setLines((before) => before.map((line) => (line.key === key ? { ...line, ...part } : line)))
  const add = async () => {
    if (!isReady) return
    const added = await attempt(() => api("POST /api/pii/subjects", { body: { label: label.trim(), identifiers } }))
    if (!added) return
    onAdded(added)
    setLabel("")
    setLines([firstLine])
  }
  return (
    <form
      className="card stack vault-form"
      aria-label={strings.add}
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
    >
      <h2>{strings.add}</h2>
      <label className="vault-field">
        <span>{strings.label}</span>
        <input
          className="field"
          value={label}
          maxLength={80}
          autoComplete="off"
          onChange={(event) => setLabel(event.target.value)}
        />
      </label>
      {lines.map(({ key, kind, value }) => (
        <div key={key} className="vault-line">
          <label className="vault-field">
            <span>{strings.kind}</span>
            <select
              className="field"
              value={kind}
              onChange={(event) => change(key, { kind: kinds.find((one) => one === event.target.value) ?? "name" })}
            >
              {kinds.map((one) => (
                <option key={one} value={one}>
                  {strings.kinds[one]}
                </option>
              ))}
            </select>
          </label>
          <label className="vault-field">
            <span>{strings.value}</span>
            <input
              className="field"
              value={value}
              maxLength={200}
              autoComplete="off"
              onChange={(event) => change(key, { value: event.target.value })}
            />
          </label>
        </div>
      ))}
      <div className="row vault-show">
        <Button onClick={() => setLines((before) => [...before, { ...firstLine, key: before.length }])}>
          {strings.another}
        </Button>
        <Button type="submit" variant="primary" disabled={!isReady}>
          {strings.save}
        </Button>
      </div>
    </form>
  )
}
