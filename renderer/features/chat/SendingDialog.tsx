import { useState } from "react"
import { create } from "zustand"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { changeCollectionLeaving, useDocuments } from "../documents/documentsStore.ts"
import { toastFailure } from "../frame/attempt.ts"
import { changeBackend } from "../models/backendsStore.ts"
import { isOwner, usePeople } from "../people/peopleStore.ts"
import { useCollectionIds } from "./Composer.tsx"
import type { ModelChoice } from "./chatModel.ts"
import { strings } from "./strings.ts"

type ServerChoice = Extract<ModelChoice, { kind: "server" }>

/** The choice that waits for a person's word before anything is sent. */
export const useSending = create<{ asked: { choice: ServerChoice; run: () => void } | null }>(() => ({ asked: null }))

/** Runs at once what stays on this computer; asks before the first time something leaves it by this choice. */
export function beforeSending(choice: ModelChoice, run: () => void): void {
  if (choice.kind === "server" && choice.server.leavesMachine) useSending.setState({ asked: { choice, run } })
  else run()
}

const close = (): void => useSending.setState({ asked: null })

/** Asks whether questions may go to another computer, and which collections it may read. */
export function SendingDialog({ chatKey }: { chatKey: string }) {
  const asked = useSending((state) => state.asked)
  return asked ? <Question key={asked.choice.id} chatKey={chatKey} {...asked} /> : null
}

function Question({ chatKey, choice, run }: { chatKey: string; choice: ServerChoice; run: () => void }) {
  const { server, modelId } = choice
  const words = strings.sending
  const chosen = useCollectionIds(chatKey)
  const collections = useDocuments((state) => state.collections)
  const mayAllow = usePeople(isOwner) || server.allowsDocuments
  const own = collections.filter(({ id, sharedBy }) => !sharedBy && (chosen === null || chosen.includes(id)))
  const [allowed, setAllowed] = useState<ReadonlySet<string>>(
    () => new Set(server.allowsDocuments ? own.filter(({ mayLeave }) => mayLeave).map(({ id }) => id) : []),
  )
  const toggle = (id: string) => {
    const next = new Set(allowed)
    if (!next.delete(id)) next.add(id)
    setAllowed(next)
  }
  const confirm = async () => {
    try {
      for (const { id, mayLeave = false } of own)
        if (mayLeave !== allowed.has(id)) await changeCollectionLeaving(id, allowed.has(id))
      if (allowed.size > 0 && !server.allowsDocuments) await changeBackend(server.name, { allowsDocuments: true })
      run()
    } catch (error) {
      toastFailure(error)
    } finally {
      close()
    }
  }
  return (
    <Dialog title={words.title(modelId, server.name)} description={words.text(server.host)} isOpen onClose={close}>
      <div className="stack" style={{ gap: 12, marginTop: 16 }}>
        {mayAllow && own.length > 0 ? (
          <fieldset className="sending-collections">
            <legend>{words.mayRead}</legend>
            {own.map(({ id, name }) => (
              <label key={id} className="row" style={{ gap: 8 }}>
                <input type="checkbox" checked={allowed.has(id)} onChange={() => toggle(id)} />
                <span className="truncate">{name}</span>
              </label>
            ))}
          </fieldset>
        ) : null}
        <p className="soft">{allowed.size === 0 ? words.documentsStay : words.othersStay}</p>
      </div>
      <div className="dialog-actions">
        <Button onClick={close}>{strings.cancel}</Button>
        <Button variant="primary" onClick={() => void confirm()}>
          {words.action}
        </Button>
      </div>
    </Dialog>
  )
}
