import { useEffect, useState } from "react"
import { api } from "../../api/client.ts"
import { strings } from "./strings.ts"

export interface PersonName {
  id: string
  name: string
}

/** Who lives here, and what an id is called. Where the list may not be seen, ids stand for themselves. */
export function usePeople(): { people: PersonName[]; nameOf: (id: string) => string } {
  const [people, setPeople] = useState<PersonName[]>([])
  useEffect(() => {
    const left = new AbortController()
    api("GET /api/people", { signal: left.signal })
      .then(({ items }) => setPeople(items))
      .catch(() => undefined)
    return () => left.abort()
  }, [])
  const nameOf = (id: string): string =>
    people.find((person) => person.id === id)?.name ??
    (id === "anonymous" ? strings.nobody : id === "machine" ? strings.machine : id)
  return { people, nameOf }
}
