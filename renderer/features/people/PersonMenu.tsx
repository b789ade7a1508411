import { Lock } from "lucide-react"
import { type ReactNode, useState } from "react"
import type { PersonChoice } from "#contract/people.ts"
import { Dialog } from "../../ui/Dialog.tsx"
import { Menu, type MenuEntry } from "../../ui/Menu.tsx"
import { toast } from "../frame/frameStore.ts"
import { PersonAvatar } from "./PersonAvatar.tsx"
import { PinForm } from "./PinForm.tsx"
import { handTo, isShared, usePeople } from "./peopleStore.ts"
import { strings } from "./strings.ts"

interface PersonMenuProps {
  /** Name of the menu for screen readers. */
  label: string
  /** What the avatar shows where one person lives alone. */
  alone: string
  entries: readonly (MenuEntry | string | null)[]
}

/** The menu behind the avatar at the foot of the rail; where several people live, it hands the window on. */
export function PersonMenu({ label, alone, entries }: PersonMenuProps) {
  const { me, choices } = usePeople()
  const shared = usePeople(isShared)
  const [asked, setAsked] = useState<PersonChoice | null>(null)
  const hand = (choice: PersonChoice): void => {
    if (choice.hasPin) setAsked(choice)
    else void handTo(choice.id).then((problem) => (problem ? toast(problem, { tone: "danger" }) : undefined))
  }
  const others: (MenuEntry | string | null)[] = shared
    ? [
        strings.handTo,
        ...choices
          .filter(({ id }) => id !== me?.id)
          .map((choice) => ({
            label: choice.name,
            icon: (<PersonAvatar person={choice} />) as ReactNode,
            ...(choice.hasPin ? { end: strings.pin } : {}),
            onSelect: () => hand(choice),
          })),
        { label: strings.lock, icon: <Lock size={15} />, onSelect: () => void handTo(null) },
        null,
      ]
    : []
  return (
    <>
      <Menu
        align="start"
        trigger={
          <button type="button" className="avatar" aria-label={shared && me ? `${label}: ${me.name}` : label}>
            {shared && me ? <PersonAvatar person={me} /> : alone.slice(0, 1)}
          </button>
        }
        entries={[...others, ...entries]}
      />
      {asked ? (
        <Dialog title={strings.pinEnter(asked.name)} isOpen onClose={() => setAsked(null)}>
          <PinForm
            label={strings.pin}
            action={strings.continue}
            onSubmit={(pin) => handTo(asked.id, pin)}
            onCancel={() => setAsked(null)}
          />
        </Dialog>
      ) : null}
    </>
  )
}
