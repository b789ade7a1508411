import type { Person } from "#contract/people.ts"
import { type Actor, ownerId } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import { notFound } from "../notFound.ts"
import type { PeopleRepository, PersonChanges } from "../types.ts"
import type { StoreContext, Sync } from "./context.ts"
import { erasing } from "./erase.ts"

interface Row {
  id: string
  name: string
  role: Person["role"]
  colour: number
  pin_hash: string | null
  speaker_id: string | null
  persona_id: string | null
  voice: string | null
  language: string | null
  follows_voices: number
  created_at: number
}

const toPerson = (row: Row): Person => ({
  id: row.id,
  name: row.name,
  role: row.role,
  colour: row.colour,
  hasPin: row.pin_hash !== null,
  speakerId: row.speaker_id,
  personaId: row.persona_id,
  voice: row.voice,
  language: row.language,
  followsVoices: row.follows_voices === 1,
  createdAt: row.created_at,
})

/** Rows without a name are kept for what refers to them, or stand for whoever nobody knows. */
const members = "SELECT p.* FROM people p WHERE p.name IS NOT NULL AND p.role IS NOT NULL"

export function createPeople(context: StoreContext): Sync<PeopleRepository> {
  const { all, get, run, transaction } = context
  const rowOf = (id: string): Row => {
    const row = get<Row>(`${members} AND p.id = @id`, { id })
    if (!row) throw notFound("person")
    return row
  }
  const refuseTaken = (name: string, exceptId: string | null): void => {
    if (!get(`${members} AND fold(p.name) = fold(@name) AND p.id IS NOT @exceptId`, { name, exceptId })) return
    throw new AppError("request.conflict", `Somebody called ${name} lives here already.`, {
      remedy: "Choose a name that tells them apart.",
    })
  }
  const requireVoice = (actor: Actor, personId: string, speakerId: string): void => {
    const found = get(
      "SELECT 1 FROM voice_profiles v WHERE v.id = @speakerId AND v.owner_id IN (@personId, @actorId)",
      {
        speakerId,
        personId,
        actorId: actor.personId,
      },
    )
    if (!found) throw notFound("speaker")
  }
  const write = (actor: Actor, person: Person, changes: PersonChanges): void => {
    const next = { ...person, ...changes }
    if (changes.speakerId) {
      requireVoice(actor, person.id, changes.speakerId)
      run("UPDATE people SET speaker_id = NULL WHERE speaker_id = @speakerId", { speakerId: changes.speakerId })
    }
    const { id, name, role, colour, speakerId, personaId, voice, language } = next
    run(
      `UPDATE people SET name = @name, role = @role, colour = @colour, speaker_id = @speakerId, persona_id = @personaId,
         voice = @voice, language = @language, follows_voices = @followsVoices WHERE id = @id`,
      { id, name, role, colour, speakerId, personaId, voice, language, followsVoices: next.followsVoices ? 1 : 0 },
    )
  }
  const repository: Sync<PeopleRepository> = {
    list: () => all<Row>(`${members} ORDER BY p.id <> @first, p.created_at, p.id`, { first: ownerId }).map(toPerson),
    get: (_actor, id) => toPerson(rowOf(id)),
    create(actor, { name, role, ...changes }) {
      return transaction(() => {
        refuseTaken(name, null)
        const id = newId()
        run("INSERT INTO people (id, created_at, name, role) VALUES (@id, @now, @name, @role)", {
          id,
          now: context.now(),
          name,
          role,
        })
        write(actor, repository.get(actor, id), changes)
        return repository.get(actor, id)
      })
    },
    update(actor, id, changes) {
      return transaction(() => {
        const person = repository.get(actor, id)
        if (changes.name !== undefined) refuseTaken(changes.name, id)
        if (id === ownerId && changes.role !== undefined && changes.role !== "owner") throw staysOwner()
        write(actor, person, changes)
        return repository.get(actor, id)
      })
    },
    pinHash: (_actor, id) => rowOf(id).pin_hash,
    setPinHash(_actor, id, hash) {
      rowOf(id)
      run("UPDATE people SET pin_hash = @hash WHERE id = @id", { id, hash })
    },
    remove(_actor, id, things) {
      rowOf(id)
      if (id === ownerId) throw staysOwner()
      // What is never anybody else's is written anew without it, so that no byte of it stays.
      erasing(context, rewritten, () => {
        if (things === "keep") giveToOwner(context, id)
        else eraseThings(context, id)
        forget(context, id)
        for (const table of ["settings", "api_keys"]) run(`DELETE FROM ${table} WHERE owner_id = @id`, { id })
        // The row stays for the audit log, which refers to it.
        run("DELETE FROM shares WHERE person_id = @id", { id })
        run(
          `UPDATE people SET name = NULL, role = NULL, pin_hash = NULL, speaker_id = NULL, persona_id = NULL, voice = NULL,
             language = NULL WHERE id = @id`,
          { id },
        )
      })
    },
    empty(actor) {
      const { owner: id } = context.owner(actor)
      erasing(context, rewritten, () => {
        eraseThings(context, id)
        forget(context, id)
        run("UPDATE people SET speaker_id = NULL WHERE id = @id", { id })
      })
    },
  }
  return repository
}

const rewritten = [
  "memories",
  "memory_vectors",
  "voice_profiles",
  "cloned_voices",
  "voice_consents",
  "turn_sounds",
  "feedback",
  "shown_lists",
] as const

const staysOwner = (): AppError =>
  new AppError("request.conflict", "The first person stays the owner of this machine.", {
    remedy: "Everybody else can be changed or removed.",
  })

function giveToOwner({ run }: StoreContext, id: string): void {
  const values = { id, owner: ownerId }
  run(
    `UPDATE collections SET name = name || ' (' || (SELECT p.name FROM people p WHERE p.id = @id) || ')'
      WHERE owner_id = @id AND name IN (SELECT o.name FROM collections o WHERE o.owner_id = @owner)`,
    values,
  )
  run(
    `UPDATE collections SET source_path = NULL WHERE owner_id = @id
       AND source_path IN (SELECT o.source_path FROM collections o WHERE o.owner_id = @owner)`,
    values,
  )
  run("UPDATE OR IGNORE memories SET owner_id = @owner WHERE owner_id = @id", values)
  for (const table of given) run(`UPDATE ${table} SET owner_id = @owner WHERE owner_id = @id`, values)
}

/** What changes hands with its person, besides memories. */
const given = [
  "conversations",
  "messages",
  "collections",
  "documents",
  "folders",
  "chunks",
  "artifacts",
  "eval_runs",
  "pinned_questions",
] as const

function eraseThings({ all, run, vectors }: StoreContext, id: string): void {
  vectors.remove(all<{ seq: number }>("SELECT seq FROM chunks WHERE owner_id = @id", { id }).map(({ seq }) => seq))
  for (const table of ["collections", "conversations", "artifacts", "eval_runs", "pinned_questions"])
    run(`DELETE FROM ${table} WHERE owner_id = @id`, { id })
}

/** What is nobody's without the person. */
function forget({ run }: StoreContext, id: string): void {
  run(
    `UPDATE messages SET speaker_id = NULL WHERE speaker_id IN (SELECT v.id FROM voice_profiles v
       WHERE v.owner_id = @id OR v.id = (SELECT p.speaker_id FROM people p WHERE p.id = @id))`,
    { id },
  )
  run(`DELETE FROM voice_profiles WHERE owner_id = @id OR id = (SELECT p.speaker_id FROM people p WHERE p.id = @id)`, {
    id,
  })
  for (const table of ["cloned_voices", "voice_consents", "turn_sounds", "memories", "feedback", "shown_lists", "jobs"])
    run(`DELETE FROM ${table} WHERE owner_id = @id`, { id })
  run("DELETE FROM memory_vectors WHERE memory_seq NOT IN (SELECT seq FROM memories)")
}
