import { useState } from "react"
import type { Audience, Sharing } from "#contract/sharing.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { PersonAvatar } from "./PersonAvatar.tsx"
import { usePeople } from "./peopleStore.ts"
import { strings } from "./strings.ts"
import "./people.css"

interface AudienceFieldProps {
  texts: Record<Audience, string>
  value: Sharing
  onChange: (value: Sharing) => void
}

/** Who besides oneself may look: nobody, some, or everybody here. */
export function AudienceField({ texts, value, onChange }: AudienceFieldProps) {
  const me = usePeople((state) => state.me)
  const others = usePeople((state) => state.choices).filter(({ id }) => id !== me?.id)
  const { audience, personIds } = value
  return (
    <div className="stack people-form">
      <Segmented<Audience>
        label={strings.sharing}
        value={audience}
        options={(["private", "people", "household"] as const).map((option) => ({
          value: option,
          label: strings.audiences[option],
        }))}
        onChange={(next) => onChange({ audience: next, personIds })}
      />
      <p className="soft people-hint">{texts[audience]}</p>
      {audience === "people" ? (
        <ul className="plain-list people-picks">
          {others.map((person) => (
            <li key={person.id}>
              <label className="people-pick">
                <input
                  type="checkbox"
                  checked={personIds.includes(person.id)}
                  onChange={(event) =>
                    onChange({
                      audience,
                      personIds: event.target.checked
                        ? [...personIds, person.id]
                        : personIds.filter((id) => id !== person.id),
                    })
                  }
                />
                <PersonAvatar person={person} />
                {person.name}
              </label>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}

interface SharingDialogProps {
  name: string
  sharing: Sharing
  texts: Record<Audience, string>
  onClose: () => void
  onSave: (sharing: Sharing) => void
}

export function SharingDialog({ name, sharing, texts, onClose, onSave }: SharingDialogProps) {
  const [value, setValue] = useState(sharing)
  const isIncomplete = value.audience === "people" && value.personIds.length === 0
  return (
    <Dialog title={strings.shareTitle(name)} isOpen onClose={onClose}>
      <AudienceField texts={texts} value={value} onChange={setValue} />
      <div className="dialog-actions">
        <Button onClick={onClose}>{strings.cancel}</Button>
        <Button
          variant="primary"
          disabled={isIncomplete}
          onClick={() => {
            onSave(value)
            onClose()
          }}
        >
          {strings.save}
        </Button>
      </div>
    </Dialog>
  )
}
