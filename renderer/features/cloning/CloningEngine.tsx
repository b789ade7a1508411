import { useEffect, useState } from "react"
import type { CloningStatus } from "#contract/cloning.ts"
import { Button } from "../../ui/Button.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { loadCloning } from "./cloningStore.ts"
import { strings } from "./strings.ts"

const kinds = ["coqui", "xtts-api", "openai"] as const

/** What speaks in cloned voices here, and how to bring something that does. */
export function CloningEngine({ engine }: { engine: CloningStatus["engine"] }) {
  const values = useSettings((state) => state.values)
  const kept = values.cloningServer ?? ""
  const [address, setAddress] = useState(kept)
  useEffect(() => setAddress(kept), [kept])
  const kind = kinds.find((one) => one === values.cloningProtocol) ?? "coqui"
  const change = async (changes: Record<string, unknown>) => {
    await changeSettings(changes)
    await loadCloning()
  }
  return (
    <div className="stack cloning-engine">
      <h3>{strings.engine}</h3>
      {engine ? (
        <>
          <p>{engine.kind === "model" ? strings.engineModel(engine.name) : strings.engineServer(engine.name)}</p>
          <p className="faint">
            {strings.languages(engine.languages.map((code) => strings.languageNames[code] ?? code).join(", "))}
          </p>
        </>
      ) : (
        <p>{strings.engineNone}</p>
      )}
      <details>
        <summary>{strings.setUp}</summary>
        <div className="stack cloning-ways">
          <h4>{strings.ownModel}</h4>
          <p className="soft">{strings.ownModelText}</p>
          <code>{strings.ownModelCommand}</code>
          <h4>{strings.server}</h4>
          <p className="soft">{strings.serverText}</p>
          <Segmented
            label={strings.kind}
            value={kind}
            options={kinds.map((value) => ({ value, label: strings.kinds[value] }))}
            onChange={(cloningProtocol) => void change({ cloningProtocol })}
          />
          <p className="faint">{strings.kindHints[kind]}</p>
          <form
            className="row cloning-address"
            onSubmit={(event) => {
              event.preventDefault()
              void change({ cloningServer: address.trim() === "" ? null : address.trim() })
            }}
          >
            <input
              className="field mono grow"
              aria-label={strings.address}
              placeholder="http://127.0.0.1:8020"
              value={address}
              spellCheck={false}
              onChange={(event) => setAddress(event.target.value)}
            />
            <Button type="submit" disabled={address.trim() === kept}>
              {strings.save}
            </Button>
          </form>
          {kept === "" ? null : (
            <div>
              <Button small onClick={() => void change({ cloningServer: null })}>
                {strings.remove}
              </Button>
            </div>
          )}
        </div>
      </details>
    </div>
  )
}
