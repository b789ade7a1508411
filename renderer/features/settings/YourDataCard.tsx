import { useState } from "react"
import type { ErasureProof } from "#contract/pii.ts"
import { api, apiBytes, saveAs } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { goTo } from "../frame/frameStore.ts"
import { isPageFor } from "../frame/pagesFor.ts"
import { usePeople } from "../people/peopleStore.ts"
import { ErasureResult } from "./ErasureResult.tsx"
import { strings } from "./strings.ts"

const texts = strings.yourData

/** Everything of the person in one file, and erasing it. Their name is asked for, so that nobody erases by a slip of the finger. */
export function YourDataCard() {
  const role = usePeople((state) => state.me?.role ?? "owner")
  const [confirm, setConfirm] = useState("")
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [proof, setProof] = useState<ErasureProof | null>(null)
  const busy = (work: Promise<unknown>) => {
    setIsBusy(true)
    setError(null)
    work.catch(setError).finally(() => setIsBusy(false))
  }
  const erase = () =>
    busy(
      api("POST /api/erase", { body: { what: "mine", confirm } }).then((result) => {
        setProof(result.proof)
        setConfirm("")
      }),
    )
  return (
    <section className="card stack" style={{ gap: 12 }} data-setting="your-data" aria-label={texts.title}>
      <h2>{texts.title}</h2>
      <p className="soft">{texts.exportText}</p>
      <div className="row" style={{ flexWrap: "wrap" }}>
        <Button
          disabled={isBusy}
          onClick={() => busy(apiBytes("GET /api/export").then((answer) => saveAs(answer, "zenglow-everything.zip")))}
        >
          {texts.save}
        </Button>
        {isPageFor("datasets", role) ? <Button onClick={() => goTo("datasets")}>{texts.datasets}</Button> : null}
        {isPageFor("vault", role) ? <Button onClick={() => goTo("vault")}>{texts.vault}</Button> : null}
      </div>
      <details>
        <summary>{texts.erase}</summary>
        <form
          className="stack"
          style={{ gap: 12, marginTop: 12 }}
          onSubmit={(event) => {
            event.preventDefault()
            erase()
          }}
        >
          <p className="soft">{texts.eraseText}</p>
          <label className="stack" style={{ gap: 4 }}>
            <span>{texts.name}</span>
            <input
              className="field"
              value={confirm}
              autoComplete="off"
              onChange={(event) => setConfirm(event.target.value)}
            />
          </label>
          <div className="row">
            <Button type="submit" variant="danger" disabled={isBusy || confirm.trim() === ""}>
              {isBusy ? texts.erasing : texts.eraseAll}
            </Button>
          </div>
        </form>
      </details>
      {error ? <Failure error={error} /> : null}
      {proof ? <ErasureResult proof={proof} /> : null}
    </section>
  )
}
