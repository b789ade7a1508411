import { PersonAvatar } from "./PersonAvatar.tsx"
import { usePeople } from "./peopleStore.ts"
import { strings } from "./strings.ts"
import "./people.css"

/** In place of the composer, in a chat that somebody else shared. */
export function SharedNote({ by }: { by: { id: string; name: string } }) {
  const colour = usePeople((state) => state.choices.find(({ id }) => id === by.id)?.colour ?? 0)
  return (
    <p className="shared-note" role="note">
      <PersonAvatar person={{ name: by.name, colour }} />
      {strings.readOnly(by.name)}
    </p>
  )
}

/** Whose thing it is, or that others see it, beside its name in a list. */
export function SharedMark({
  thing,
}: {
  thing: { sharedBy?: { id: string; name: string } | null; sharing?: { audience: "private" | "people" | "household" } }
}) {
  const isAlone = usePeople((state) => state.choices.length <= 1)
  if (isAlone) return null
  if (thing.sharedBy) return <span className="badge">{strings.sharedBy(thing.sharedBy.name)}</span>
  if (thing.sharing === undefined || thing.sharing.audience === "private") return null
  return <span className="badge">{strings.sharedWith[thing.sharing.audience]}</span>
}
