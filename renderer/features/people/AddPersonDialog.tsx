import { useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { addPerson } from "./peopleStore.ts"
import { strings } from "./strings.ts"

type NewRole = "adult" | "child" | "guest"
export const newRoles = (["adult", "child", "guest"] as const).map((value) => ({ value, label: strings.roles[value] }))

/** @param taken How many live here: the next gets the next colour. */
export function AddPersonDialog({ taken, onClose }: { taken: number; onClose: () => void }) {
  const [name, setName] = useState("")
  const [role, setRole] = useState<NewRole>("adult")
  return (
    <Dialog title={strings.addTitle} isOpen onClose={onClose}>
      <form
        className="stack people-form"
        onSubmit={(event) => {
          event.preventDefault()
          void addPerson(name.trim(), role, taken % 8).then((added) => (added ? onClose() : undefined))
        }}
      >
        <label className="stack people-field">
          {strings.name}
          <input className="field" value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
        </label>
        <div className="stack people-field">
          <span>{strings.role}</span>
          <Segmented<NewRole> label={strings.role} value={role} options={newRoles} onChange={setRole} />
          <p className="soft people-hint">{strings.roleTexts[role]}</p>
        </div>
        <div className="dialog-actions">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" variant="primary" disabled={name.trim() === ""}>
            {strings.add}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
