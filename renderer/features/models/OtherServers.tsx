import { Plus, Trash2 } from "lucide-react"
import { useEffect, useState } from "react"
import type { BackendView } from "#contract/backends.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { changeBackend, loadBackends, modelIdsOf, removeBackend, testBackend, useBackends } from "./backendsStore.ts"
import { ServerDialog } from "./ServerDialog.tsx"
import { strings } from "./strings.ts"
import { useAttempt } from "./useAttempt.ts"

/** Models of other servers: added, tried, allowed and forgotten. */
export function OtherServers() {
  const items = useBackends((state) => state.items)
  const [isAdding, setIsAdding] = useState(false)
  useEffect(() => void loadBackends(), [])
  if (items === null) return null
  const words = strings.servers
  return (
    <section aria-label={words.title}>
      <div className="models-role">
        <h2>{words.title}</h2>
        <span className="faint grow">{words.hint}</span>
        <Button small onClick={() => setIsAdding(true)}>
          <Plus size={14} aria-hidden />
          {words.add}
        </Button>
      </div>
      {items.length === 0 ? (
        <p className="soft">{words.none}</p>
      ) : (
        <ul className="plain-list model-list">
          {items.map((server) => (
            <ServerRow key={server.name} server={server} />
          ))}
        </ul>
      )}
      {isAdding ? <ServerDialog onClose={() => setIsAdding(false)} /> : null}
    </section>
  )
}

const tones = { ok: "success", unknown: "", failing: "warning", resting: "danger" } as const

function ServerRow({ server }: { server: BackendView }) {
  const words = strings.servers
  const test = useBackends((state) => state.tests[server.name] ?? null)
  const [isRemoving, setIsRemoving] = useState(false)
  const { isBusy, attempt } = useAttempt()
  const { name, host, model, health, allowsDocuments, isEnabled, leavesMachine } = server
  const choices = modelIdsOf(server, test?.models)
  const trouble = test?.error ?? health.lastError
  return (
    <li className="model-row">
      <div className="grow stack" style={{ gap: 4 }}>
        <div className="row model-name">
          <strong className="truncate">{name}</strong>
          <span className={`badge ${tones[health.state]}`}>{words.states[health.state]}</span>
        </div>
        <div className="soft">{leavesMachine ? words.elsewhere(host) : words.here(host)}</div>
        {health.state !== "ok" && trouble ? <div className="faint">{trouble.message}</div> : null}
        <label className="row faint" style={{ gap: 8 }}>
          {words.model}
          <select
            className="field"
            aria-label={words.modelOf(name)}
            value={model ?? ""}
            disabled={isBusy || choices.length === 0}
            onChange={(event) => void attempt(() => changeBackend(name, { model: event.target.value || null }))}
          >
            <option value="">{words.noModel}</option>
            {choices.map((id) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        </label>
        <label className="row" style={{ gap: 8 }}>
          <input
            type="checkbox"
            checked={isEnabled}
            disabled={isBusy}
            onChange={() => void attempt(() => changeBackend(name, { isEnabled: !isEnabled }))}
          />
          {words.enabled}
        </label>
        {leavesMachine ? (
          <label className="row" style={{ gap: 8 }}>
            <input
              type="checkbox"
              checked={allowsDocuments}
              disabled={isBusy}
              onChange={() => void attempt(() => changeBackend(name, { allowsDocuments: !allowsDocuments }))}
            />
            {words.documents}
          </label>
        ) : null}
      </div>
      <div className="row model-actions">
        <Button small disabled={isBusy} onClick={() => void attempt(() => testBackend(name))}>
          {words.test}
        </Button>
        <IconButton small label={words.remove(name)} disabled={isBusy} onClick={() => setIsRemoving(true)}>
          <Trash2 size={15} />
        </IconButton>
      </div>
      <Confirm
        isOpen={isRemoving}
        title={words.removeTitle(name)}
        description={words.removeText}
        cancel={strings.cancel}
        action={strings.remove}
        onClose={() => setIsRemoving(false)}
        onConfirm={() => void attempt(() => removeBackend(name))}
      />
    </li>
  )
}
