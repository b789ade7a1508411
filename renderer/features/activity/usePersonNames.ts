import { useEffect } from "react"
import type { Person } from "#contract/people.ts"
import { loadPeople, usePeople } from "../people/peopleStore.ts"
import { strings } from "./strings.ts"

/** Who lives here, and what an id is called. Where the list may not be seen, ids stand for themselves. */
export function usePersonNames(): { people: Person[]; nameOf: (id: string) => string } {
  const people = usePeople((state) => state.items)
  useEffect(() => void loadPeople(), [])
  const nameOf = (id: string): string =>
    people.find((person) => person.id === id)?.name ??
    (id === "anonymous" ? strings.nobody : id === "machine" ? strings.machine : id)
  return { people, nameOf }
}
