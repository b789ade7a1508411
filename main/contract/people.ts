import { z } from "zod"
import { id, ok, timestamp } from "./common.ts"
import { erasureProof } from "./pii.ts"
import type { RouteTable } from "./route.ts"
import { sharing } from "./sharing.ts"

/** What somebody may do here; docs/security.md has the table, core/access.ts the rules. */
export const role = z.enum(["owner", "adult", "child", "guest"])
export type Role = z.infer<typeof role>

const name = z.string().trim().min(1).max(60)
/** Place in the window's list of colours. */
const colour = z.number().int().min(0).max(7)
/** Digits are enough: tries are limited. */
const pin = z.string().regex(/^\d{4,12}$/, "A PIN has 4 to 12 digits.")

export const person = z.object({
  id,
  name: z.string(),
  role,
  colour: z.number().int(),
  hasPin: z.boolean(),
  /** The known voice that is this person's. */
  speakerId: id.nullable(),
  /** Who answers them, and how it sounds. Null: as in Settings. */
  personaId: id.nullable(),
  voice: z.string().nullable(),
  /** Two letters, as `en`. Null: as in Settings. */
  language: z.string().nullable(),
  /** In this person's conversations by voice, somebody else whose voice is known is answered as themselves. */
  followsVoices: z.boolean(),
  createdAt: timestamp,
})
export type Person = z.infer<typeof person>

/** What the window shows before it is known who sits there. */
export const personChoice = person.pick({ id: true, name: true, role: true, colour: true, hasPin: true })
export type PersonChoice = z.infer<typeof personChoice>

const profile = z.strictObject({
  colour: colour.optional(),
  speakerId: id.nullable().optional(),
  personaId: id.nullable().optional(),
  voice: z.string().max(100).nullable().optional(),
  language: z.string().max(20).nullable().optional(),
  followsVoices: z.boolean().optional(),
})

const params = z.strictObject({ id })
const newRole = z.enum(["adult", "child", "guest"])
const notFound = ["person.not-found"] as const

export const peopleRoutes = {
  "GET /api/people": {
    summary: "Who lives here.",
    scope: "chat",
    output: z.object({ items: z.array(person) }),
  },
  "POST /api/people": {
    summary: "Add somebody. They see nothing of others but what is shared.",
    scope: "owner",
    audit: "people.add",
    body: profile.extend({ name, role: newRole }),
    output: person,
    status: 201,
    errors: ["request.conflict"],
  },
  "PATCH /api/people/:id": {
    summary: "Change a profile. Names and roles are the owner's to give; the rest each person's own.",
    scope: "chat",
    audit: "people.change",
    params,
    body: profile.extend({ name: name.optional(), role: newRole.optional() }),
    output: person,
    errors: [...notFound, "access.denied", "request.conflict", "speaker.not-found"],
  },
  "PUT /api/people/:id/pin": {
    summary: "Set the PIN that is asked for before the window acts as this person; null takes it away.",
    scope: "chat",
    audit: "people.pin",
    params,
    body: z.strictObject({ pin: pin.nullable(), current: z.string().max(12).optional() }),
    output: person,
    errors: [...notFound, "access.denied", "access.bad-pin", "request.rate-limited"],
  },
  "DELETE /api/people/:id": {
    summary:
      "Remove somebody. `things`: what is theirs goes to the owner (`keep`), or is erased. Their voice is always erased.",
    scope: "owner",
    audit: "people.remove",
    params,
    query: z.strictObject({ things: z.enum(["keep", "erase"]) }),
    /** What was looked for afterwards: sealed voices, with `erase` also texts. */
    output: ok.extend({ proof: erasureProof }),
    errors: [...notFound, "request.conflict"],
  },
  "GET /api/session": {
    summary: "Who this window acts as, and whom it can be handed to. Null: somebody must be chosen first.",
    scope: "window",
    output: z.object({ person: person.nullable(), people: z.array(personChoice) }),
  },
  "POST /api/session/person": {
    summary:
      "Hand the window to somebody, with their PIN where they have one. Null: to nobody until somebody is chosen.",
    scope: "window",
    audit: "people.switch",
    body: z.strictObject({ personId: id.nullable(), pin: z.string().max(12).optional() }),
    output: z.object({ person: person.nullable() }),
    errors: [...notFound, "access.bad-pin", "request.rate-limited"],
  },
  "PUT /api/collections/:id/sharing": {
    summary: "Who may ask and read this collection besides you.",
    scope: "rag",
    audit: "people.share",
    params,
    body: sharing,
    output: z.object({ sharing }),
    errors: ["collection.not-found", "person.not-found"],
  },
  "PUT /api/conversations/:id/sharing": {
    summary: "Who may read this conversation besides you. They read what it quotes, too.",
    scope: "chat",
    audit: "people.share",
    params,
    body: sharing,
    output: z.object({ sharing }),
    errors: ["conversation.not-found", "person.not-found"],
  },
} as const satisfies RouteTable
