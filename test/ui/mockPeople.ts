import type { Person, Role } from "#contract/people.ts"
import type { RouteInput, RouteOutput } from "#contract/route.ts"
import type { RouteKey, Routes } from "#contract/routes.ts"

type Handlers = {
  [K in RouteKey]?: (input: RouteInput<Routes[K]>) => RouteOutput<Routes[K]>
}

/** `alone`: one person, as on most machines. `locked`: several, and nobody was chosen yet. */
export type Household = "alone" | "shared" | "locked"

export const mockPin = "4711"

/** Who lives here, in memory. */
export function peopleHandlers(
  household: Household,
  fail: (code: "access.bad-pin" | "person.not-found", message: string) => never,
): Handlers {
  const people: Person[] = [person("owner", "Ada Lindqvist", "owner", 0)]
  if (household !== "alone") {
    people.push({ ...person("p-ben", "Ben", "adult", 4), hasPin: true })
    people.push(person("p-cleo", "Cleo", "child", 6), person("p-gus", "Visitors", "guest", 2))
  }
  let me: string | null = household === "locked" ? null : "owner"
  const find = (id: string): Person =>
    people.find((entry) => entry.id === id) ?? fail("person.not-found", "No such person.")
  const put = (next: Person): Person => {
    people.splice(
      people.findIndex(({ id }) => id === next.id),
      1,
      next,
    )
    return next
  }
  return {
    "GET /api/session": () => ({
      person: me === null ? null : find(me),
      people: people.map(({ id, name, role, colour, hasPin }) => ({ id, name, role, colour, hasPin })),
    }),
    "POST /api/session/person": ({ body }) => {
      if (body.personId !== null && find(body.personId).hasPin && body.pin !== mockPin)
        fail("access.bad-pin", "The PIN is wrong.")
      me = body.personId
      return { person: me === null ? null : find(me) }
    },
    "GET /api/people": () => ({ items: people }),
    "POST /api/people": ({ body }) => {
      const added = { ...person(`p-${people.length}`, body.name, body.role, body.colour ?? 0) }
      people.push(added)
      return added
    },
    "PATCH /api/people/:id": ({ params, body }) => put({ ...find(params.id), ...body }),
    "PUT /api/people/:id/pin": ({ params, body }) => put({ ...find(params.id), hasPin: body.pin !== null }),
    "DELETE /api/people/:id": ({ params }) => {
      people.splice(people.indexOf(find(params.id)), 1)
      return { ok: true, proof: { searched: 4, filesRead: 12, bytesRead: 1_000_000, residue: [], backups: [] } }
    },
  }
}

const person = (id: string, name: string, role: Role, colour: number): Person => ({
  id,
  name,
  role,
  colour,
  hasPin: false,
  speakerId: null,
  personaId: null,
  voice: null,
  language: null,
  followsVoices: true,
  createdAt: 1,
})
