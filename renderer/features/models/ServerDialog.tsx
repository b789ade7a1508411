import { useState } from "react"
import type { BackendKind } from "#contract/backends.ts"
import { asApiError } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { addBackend } from "./backendsStore.ts"
import { strings } from "./strings.ts"

const kinds: readonly BackendKind[] = ["openai", "ollama", "edge"]

/** Names a server; it is asked for its models at once. */
export function ServerDialog({ onClose }: { onClose: () => void }) {
  const words = strings.servers
  const [kind, setKind] = useState<BackendKind>("openai")
  const [name, setName] = useState("")
  const [baseUrl, setBaseUrl] = useState("")
  const [model, setModel] = useState("")
  const [key, setKey] = useState("")
  const [allowsPrivate, setAllowsPrivate] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  const submit = async () => {
    setIsBusy(true)
    setError(null)
    try {
      await addBackend({
        name: name.trim(),
        kind,
        baseUrl: baseUrl.trim(),
        model: model.trim() || null,
        allowsPrivate,
        ...(key === "" ? {} : { key }),
      })
      onClose()
    } catch (reason) {
      setError(reason)
    } finally {
      setIsBusy(false)
    }
  }
  const failure = error ? asApiError(error) : null
  const fields = [
    { label: words.name, value: name, set: setName, type: "text" },
    { label: words.address, value: baseUrl, set: setBaseUrl, type: "url" },
    { label: kind === "edge" ? words.functionName : words.modelOptional, value: model, set: setModel, type: "text" },
    { label: words.key, value: key, set: setKey, type: "password" },
  ]
  return (
    <Dialog title={words.addTitle} description={words.addText} isOpen onClose={onClose}>
      <form
        className="stack"
        style={{ gap: 16, marginTop: 16 }}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <Segmented
          label={words.kind}
          value={kind}
          options={kinds.map((value) => ({ value, label: words.kinds[value] }))}
          onChange={setKind}
        />
        {fields.map(({ label, value, set, type }) => (
          <label key={label} className="stack" style={{ gap: 4 }}>
            {label}
            <input
              className="field"
              type={type}
              value={value}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => set(event.target.value)}
            />
          </label>
        ))}
        <label className="row" style={{ gap: 8 }}>
          <input type="checkbox" checked={allowsPrivate} onChange={() => setAllowsPrivate(!allowsPrivate)} />
          {words.private}
        </label>
        {failure ? <Notice tone="danger" title={failure.message} remedy={failure.remedy} code={failure.code} /> : null}
        <div className="dialog-actions" style={{ marginTop: 0 }}>
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button variant="primary" type="submit" disabled={name.trim() === "" || baseUrl.trim() === "" || isBusy}>
            {words.addAction}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
