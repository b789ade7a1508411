import { Copy, KeyRound, Plus } from "lucide-react"
import { useEffect, useState } from "react"
import type { ApiKey } from "#contract/settings.ts"
import { api, asApiError } from "../../api/client.ts"
import { baseUrl } from "../../api/session.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm, Dialog } from "../../ui/Dialog.tsx"
import { formatTime } from "../../ui/format.ts"
import { toast } from "../frame/frameStore.ts"
import { activeChatModel, useModels } from "../models/modelsStore.ts"
import { isShared, usePeople } from "../people/peopleStore.ts"
import { useSettings } from "./settingsStore.ts"
import { strings } from "./strings.ts"

type KeyScope = keyof typeof strings.scopeNames
const scopes = Object.keys(strings.scopeNames) as KeyScope[]

/** The base URL, keys, and a call that works as it stands. */
export function ApiCard() {
  const dataDir = useSettings((state) => state.dataDir)
  const chosen = useSettings((state) => state.values.chatModel)
  const model = useModels((state) => activeChatModel(state.items, chosen))
  const [keys, setKeys] = useState<ApiKey[]>([])
  const [isCreating, setIsCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const people = usePeople((state) => state.choices)
  const isHousehold = usePeople(isShared)
  const load = () =>
    void api("GET /api/keys")
      .then((answer) => setKeys(answer.items))
      .catch(() => setKeys([]))
  useEffect(load, [])
  const url = `${baseUrl()}/v1`
  const separator = dataDir.includes("\\") ? "\\" : "/"
  const authorization = `-H "Authorization: Bearer $(cat '${dataDir}${separator}api-key')"`
  // Without a chat model the list of models is what answers.
  const command = model
    ? `curl ${url}/chat/completions \\
  ${authorization} \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model.id}", "messages": [{"role": "user", "content": "Hello"}]}'`
    : `curl ${url}/models \\
  ${authorization}`
  return (
    <section className="card stack api-card" data-setting="api" aria-label={strings.api}>
      <h2>{strings.api}</h2>
      <p className="soft">{strings.apiText}</p>
      <Copyable label={strings.baseUrl} text={url} />
      <Copyable label={strings.curl} text={command} />
      <div className="row">
        <h3 className="grow">{strings.keys}</h3>
        <Button small onClick={() => setIsCreating(true)}>
          <Plus size={13} aria-hidden />
          {strings.newKey}
        </Button>
      </div>
      <ul className="plain-list key-list">
        {keys.map((key) => (
          <li key={key.id} className="row">
            <KeyRound size={14} aria-hidden />
            <div className="grow">
              <div className="row" style={{ flexWrap: "wrap" }}>
                <strong>{key.name}</strong>
                <code className="faint">{key.prefix}…</code>
                {isHousehold ? (
                  <span className="soft">{people.find(({ id }) => id === (key.personId ?? "owner"))?.name}</span>
                ) : null}
                {key.scopes.map((scope) => (
                  <span className="badge" key={scope}>
                    {scope in strings.scopeNames ? strings.scopeNames[scope as KeyScope] : scope}
                  </span>
                ))}
              </div>
              <div className="faint">
                {key.isFirstRun ? `${strings.firstRunKey} ` : ""}
                {strings.created_at(formatTime(key.createdAt))} ·{" "}
                {key.lastUsedAt === null ? strings.neverUsed : strings.lastUsed(formatTime(key.lastUsedAt))}
              </div>
            </div>
            {key.isFirstRun ? null : (
              <Button small variant="danger" onClick={() => setRevoking(key)}>
                {strings.revoke}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {isCreating ? (
        <NewKey
          onClose={() => {
            setIsCreating(false)
            load()
          }}
        />
      ) : null}
      <Confirm
        isOpen={revoking !== null}
        title={strings.revokeTitle(revoking?.name ?? "")}
        description={strings.revokeText}
        action={strings.revoke}
        cancel={strings.cancel}
        onClose={() => setRevoking(null)}
        onConfirm={() =>
          void api("DELETE /api/keys/:id", { params: { id: revoking?.id ?? "" } })
            .then(load)
            .catch((error: unknown) => toast(asApiError(error).message, { tone: "danger" }))
        }
      />
    </section>
  )
}

function Copyable({ label, text }: { label: string; text: string }) {
  return (
    <div className="copyable">
      <div className="row">
        <h3 className="grow">{label}</h3>
        <IconButton
          small
          label={`${strings.copy}: ${label}`}
          onClick={() => void navigator.clipboard.writeText(text).then(() => toast(strings.copied))}
        >
          <Copy size={13} />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long command scrolls by keyboard */}
      <pre className="scroll" tabIndex={0}>
        {text}
      </pre>
    </div>
  )
}

function NewKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("")
  const [chosen, setChosen] = useState<KeyScope[]>(["chat", "rag", "audio", "models"])
  const [secret, setSecret] = useState<string | null>(null)
  const { me, choices } = usePeople()
  const isHousehold = usePeople(isShared)
  const [personId, setPersonId] = useState(me?.id ?? "owner")
  const create = async () => {
    try {
      const whose = isHousehold ? { personId } : {}
      const answer = await api("POST /api/keys", { body: { name: name.trim(), scopes: chosen, ...whose } })
      setSecret(answer.secret)
    } catch (error) {
      toast(asApiError(error).message, { tone: "danger" })
    }
  }
  return (
    <Dialog title={strings.newKey} isOpen onClose={onClose}>
      {secret ? (
        <div className="stack" style={{ gap: 12 }}>
          <p>{strings.created}</p>
          <Copyable label={name} text={secret} />
          <div className="dialog-actions" style={{ marginTop: 0 }}>
            <Button variant="primary" onClick={onClose}>
              {strings.done}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className="stack"
          style={{ gap: 16 }}
          onSubmit={(event) => {
            event.preventDefault()
            void create()
          }}
        >
          <label className="stack" style={{ gap: 4 }}>
            {strings.keyName}
            <input className="field" value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
          </label>
          {isHousehold ? (
            <label className="stack" style={{ gap: 4 }}>
              {strings.keyPerson}
              <select className="field" value={personId} onChange={(event) => setPersonId(event.target.value)}>
                {choices.map((person) => (
                  <option key={person.id} value={person.id}>
                    {person.name}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <fieldset className="scopes">
            <legend>{strings.scopes}</legend>
            {scopes.map((scope) => (
              <label key={scope} className="row">
                <input
                  type="checkbox"
                  checked={chosen.includes(scope)}
                  onChange={(event) =>
                    setChosen(event.target.checked ? [...chosen, scope] : chosen.filter((other) => other !== scope))
                  }
                />
                {strings.scopeNames[scope]}
              </label>
            ))}
          </fieldset>
          <div className="dialog-actions" style={{ marginTop: 0 }}>
            <Button onClick={onClose}>{strings.cancel}</Button>
            <Button variant="primary" type="submit" disabled={name.trim() === "" || chosen.length === 0}>
              {strings.create}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
