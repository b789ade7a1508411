import { useState } from "react"
import type { Person } from "#contract/people.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { removePerson } from "./peopleStore.ts"
import { strings } from "./strings.ts"

/** Asks what becomes of somebody's things before they go. */
export function RemovePersonDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const [things, setThings] = useState<"keep" | "erase">("keep")
  return (
    <Dialog title={strings.removeTitle(person.name)} description={strings.removeText} isOpen onClose={onClose}>
      <div className="stack people-field">
        <span>{strings.things}</span>
        <Segmented
          label={strings.things}
          value={things}
          options={[
            { value: "keep", label: strings.thingsKeep },
            { value: "erase", label: strings.thingsErase },
          ]}
          onChange={setThings}
        />
      </div>
      <div className="dialog-actions">
        <Button onClick={onClose}>{strings.cancel}</Button>
        <Button
          variant="danger"
          onClick={() => {
            void removePerson(person.id, things)
            onClose()
          }}
        >
          {strings.remove}
        </Button>
      </div>
    </Dialog>
  )
}
