import { Pencil, Trash2, UserPlus, Users } from "lucide-react"
import { useEffect, useState } from "react"
import type { Person } from "#contract/people.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Empty } from "../../ui/Notice.tsx"
import { AddPersonDialog } from "./AddPersonDialog.tsx"
import { PersonAvatar } from "./PersonAvatar.tsx"
import { PersonDialog } from "./PersonDialog.tsx"
import { isOwner, loadPeople, usePeople } from "./peopleStore.ts"
import { RemovePersonDialog } from "./RemovePersonDialog.tsx"
import { strings } from "./strings.ts"
import "./people.css"

export default function PeoplePage() {
  const { items, error, me } = usePeople()
  const manages = usePeople(isOwner)
  const [isAdding, setIsAdding] = useState(false)
  const [editing, setEditing] = useState<Person | null>(null)
  const [removing, setRemoving] = useState<Person | null>(null)
  useEffect(() => void loadPeople(), [])
  const add = manages ? (
    <Button variant="primary" onClick={() => setIsAdding(true)}>
      <UserPlus size={15} aria-hidden />
      {strings.add}
    </Button>
  ) : null
  return (
    <div className="page scroll">
      <header className="page-header people-column">
        <h1 className="grow">{strings.title}</h1>
        {items.length > 1 ? add : null}
      </header>
      <div className="page-body people-column people-body">
        <p className="soft">{strings.intro}</p>
        {error ? <Failure error={error} onRetry={() => void loadPeople()} /> : null}
        {items.length > 0 ? (
          <ul className="plain-list people-list" aria-label={strings.title}>
            {items.map((person) => (
              <li key={person.id} className="people-person">
                <PersonAvatar person={person} />
                <span className="people-name">
                  <span className="truncate">
                    {person.name}
                    {person.id === me?.id ? <span className="faint"> · {strings.you}</span> : null}
                  </span>
                  <span className="people-role" title={strings.roleTexts[person.role]}>
                    {strings.roles[person.role]}
                    {person.hasPin ? ` · ${strings.pin}` : ""}
                  </span>
                </span>
                {manages || person.id === me?.id ? (
                  <IconButton small label={strings.edit(person.name)} onClick={() => setEditing(person)}>
                    <Pencil size={14} />
                  </IconButton>
                ) : null}
                {manages && person.role !== "owner" ? (
                  <IconButton small label={`${strings.remove} ${person.name}`} onClick={() => setRemoving(person)}>
                    <Trash2 size={14} />
                  </IconButton>
                ) : null}
              </li>
            ))}
          </ul>
        ) : null}
        {items.length === 1 ? (
          <Empty icon={<Users size={22} />} title={strings.aloneTitle} text={strings.aloneText} action={add} />
        ) : null}
      </div>
      {isAdding ? <AddPersonDialog taken={items.length} onClose={() => setIsAdding(false)} /> : null}
      {editing ? <PersonDialog key={editing.id} person={editing} onClose={() => setEditing(null)} /> : null}
      {removing ? <RemovePersonDialog person={removing} onClose={() => setRemoving(null)} /> : null}
    </div>
  )
}
