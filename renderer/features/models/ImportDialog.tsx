import { useEffect, useState } from "react"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import { api, asApiError } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { formatBytes } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { toast } from "../frame/frameStore.ts"
import { loadModels } from "./modelsStore.ts"
import { strings } from "./strings.ts"

type External = RouteOutput<Routes["GET /api/models/external"]>["items"]

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const [path, setPath] = useState("")
  const [mode, setMode] = useState<"link" | "copy">("link")
  const [found, setFound] = useState<External>([])
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  useEffect(() => {
    void api("GET /api/models/external")
      .then((answer) => setFound(answer.items))
      .catch(() => setFound([]))
  }, [])
  const submit = async () => {
    setIsBusy(true)
    setError(null)
    try {
      const model = await api("POST /api/models/import", { body: { path: path.trim(), mode } })
      await loadModels()
      toast(strings.importDone(model.name))
      onClose()
    } catch (reason) {
      setError(reason)
    } finally {
      setIsBusy(false)
    }
  }
  const failure = error ? asApiError(error) : null
  return (
    <Dialog title={strings.importTitle} description={strings.importText} isOpen onClose={onClose}>
      <form
        className="stack"
        style={{ gap: 16, marginTop: 16 }}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <label className="stack" style={{ gap: 4 }}>
          {strings.path}
          <input
            className="field mono"
            value={path}
            onChange={(event) => setPath(event.target.value)}
            spellCheck={false}
          />
        </label>
        <Segmented
          label={strings.mode}
          value={mode}
          options={[
            { value: "link", label: strings.modes.link },
            { value: "copy", label: strings.modes.copy },
          ]}
          onChange={setMode}
        />
        {found.length > 0 ? (
          <div className="stack">
            <h3>{strings.found}</h3>
            <ul className="plain-list external-list scroll">
              {found.map((file) => (
                <li key={file.path}>
                  <button type="button" onClick={() => setPath(file.path)} title={file.path}>
                    <span className="truncate grow">{file.name}</span>
                    <span className="faint">{file.tool}</span>
                    <span className="faint numbers">{formatBytes(file.sizeBytes)}</span>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {failure ? <Notice tone="danger" title={failure.message} remedy={failure.remedy} code={failure.code} /> : null}
        <div className="dialog-actions" style={{ marginTop: 0 }}>
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button variant="primary" type="submit" disabled={path.trim() === "" || isBusy}>
            {strings.importAction}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
