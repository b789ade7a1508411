import type { ErasureProof, Mentions, PiiSubject } from "#contract/pii.ts"
import type { ErasedCounts } from "#contract/privacy.ts"
import { rulesOf } from "#core/access.ts"
import { type Actor, ownerId } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { findPersonalData } from "#core/pii/findPersonalData.ts"
import { replaceIn } from "#core/pii/maskPersonalData.ts"
import type { PiiRepository, Store } from "#store/types.ts"
import { collectionsOf, conversationsOf, documentsOf, memoriesOf, messagesOf, type OwnThings } from "./everythingOf.ts"
import { piecesOf, searchResidue } from "./searchResidue.ts"

export interface EraseDeps {
  store: OwnThings & Pick<Store, "people" | "voiceProfiles" | "turnSounds" | "evaluations" | "artifacts" | "scrub">
  vault: PiiRepository
  datasets: {
    list(actor: Actor): Promise<unknown[]>
    /** Null: all. */
    deleteWith(actor: Actor, contains: ((text: string) => boolean) | null): Promise<number>
  }
  /** Ends what somebody began, and takes the copies of their files, their datasets and their part of the vault away. */
  leave(actor: Actor): Promise<void>
  /** Removes a document with the copy of its file. */
  deleteDocument(actor: Actor, id: string): Promise<void>
  /** Erases a memory. */
  deleteMemory(actor: Actor, id: string): Promise<void>
  /** Removes somebody. Refuses the owner: `request.conflict`. */
  removePerson(actor: Actor, id: string, things: "keep" | "erase"): Promise<void>
  actorOf(personId: string): Actor | null
  /** Lists of the window changed. */
  changed(actor: Actor): void
  backups(): Promise<ErasureProof["backups"]>
  dataDir: string
}

export interface Eraser {
  count(actor: Actor, what: "mine" | "everything"): Promise<ErasedCounts>
  /** `confirm` must be the caller's name: `request.conflict`. */
  erase(
    actor: Actor,
    request: { what: "mine" | "everything"; confirm: string },
    signal: AbortSignal,
  ): Promise<{ erased: ErasedCounts; proof: ErasureProof }>
  /** Removes somebody; what is theirs stays as the owner's, or goes. What is nobody else's goes in both cases. */
  remove(actor: Actor, id: string, things: "keep" | "erase", signal: AbortSignal): Promise<ErasureProof>
  mentions(actor: Actor, subjectId: string): Promise<Mentions>
  eraseSubject(actor: Actor, subjectId: string, signal: AbortSignal): Promise<{ erased: Mentions; proof: ErasureProof }>
}

/** Erasing: rows, files, vault; then the database is written anew; then the data directory is read for what should be gone. */
export function createEraser(deps: EraseDeps): Eraser {
  const { store, vault, datasets } = deps

  const requireOwner = (actor: Actor, what: "mine" | "everything"): void => {
    if (what === "everything" && !rulesOf(actor).manages)
      throw new AppError("access.denied", "Only the owner erases what is everybody's.", {
        remedy: "Erase what is yours.",
      })
  }
  const others = async (actor: Actor): Promise<Actor[]> =>
    (await store.people.list(actor)).flatMap(({ id }) => (id === actor.personId ? [] : (deps.actorOf(id) ?? [])))

  async function countOf(actor: Actor): Promise<ErasedCounts> {
    return {
      people: 0,
      conversations: (await conversationsOf(actor, store)).length,
      collections: (await collectionsOf(actor, store)).length,
      documents: (await documentsOf(actor, store)).length,
      memories: (await memoriesOf(actor, store)).length,
      datasets: (await datasets.list(actor)).length,
    }
  }
  async function count(actor: Actor, what: "mine" | "everything"): Promise<ErasedCounts> {
    requireOwner(actor, what)
    const total = await countOf(actor)
    if (what === "mine") return total
    for (const other of await others(actor)) {
      const theirs = await countOf(other)
      total.people++
      for (const kind of Object.keys(theirs) as (keyof ErasedCounts)[]) total[kind] += theirs[kind]
    }
    return total
  }
  async function textsOf(actor: Actor): Promise<string[]> {
    const texts = (await memoriesOf(actor, store)).map(({ text }) => text)
    for (const { id } of await conversationsOf(actor, store))
      texts.push(...(await messagesOf(actor, store, id)).map(({ text }) => text))
    for (const { id } of await documentsOf(actor, store)) texts.push((await store.documents.text(actor, id)).text)
    return texts
  }
  const prove = async (pieces: readonly string[], signal: AbortSignal): Promise<ErasureProof> => ({
    ...(await searchResidue(deps.dataDir, pieces, signal)),
    backups: await deps.backups(),
  })
  /** Their sealed voices, as they are written in the database. Names of the vault prove nothing: others may know the same people. */
  async function voicesOf(actor: Actor): Promise<string[]> {
    const linked = (await store.voiceProfiles.household(actor)).filter(({ personId }) => personId === actor.personId)
    return piecesOf([...(await store.voiceProfiles.list(actor)), ...linked].map(({ sealed }) => sealed))
  }

  const isMentioned = (subject: PiiSubject) => {
    const options = { kinds: ["name"] as const, ...wordsOf(subject) }
    return (text: string): boolean => findPersonalData(text, options).length > 0
  }
  /** Every place, with what to do there; counting does nothing. */
  async function walkMentions(
    actor: Actor,
    subject: PiiSubject,
    act: {
      message?(conversationId: string, id: string): Promise<void>
      conversation?(id: string, title: string): Promise<void>
      document?(id: string): Promise<void>
      memory?(id: string): Promise<void>
    },
  ): Promise<Mentions> {
    const found = isMentioned(subject)
    const mentions: Mentions = { conversations: 0, messages: 0, documents: 0, memories: 0, datasets: 0 }
    for (const { id, title } of await conversationsOf(actor, store)) {
      let isTouched = false
      for (const message of await messagesOf(actor, store, id)) {
        if (!found([message.text, message.reasoning, JSON.stringify(message.passages)].join("\n"))) continue
        isTouched = true
        mentions.messages++
        await act.message?.(id, message.id)
      }
      if (found(title)) {
        isTouched = true
        await act.conversation?.(id, title)
      }
      if (isTouched) mentions.conversations++
    }
    for (const { id, title, path } of await documentsOf(actor, store)) {
      if (!found(`${title}\n${path}\n${(await store.documents.text(actor, id)).text}`)) continue
      mentions.documents++
      await act.document?.(id)
    }
    for (const { id, text } of await memoriesOf(actor, store)) {
      if (!found(text)) continue
      mentions.memories++
      await act.memory?.(id)
    }
    return mentions
  }

  return {
    count,
    async erase(actor, { what, confirm }, signal) {
      requireOwner(actor, what)
      const me = await store.people.get(actor, actor.personId)
      if (confirm.trim().toLowerCase() !== me.name.toLowerCase())
        throw new AppError("request.conflict", "The name does not match: nothing was erased.", {
          remedy: `Write “${me.name}”.`,
        })
      const erased = await count(actor, what)
      const all = what === "everything" ? [actor, ...(await others(actor))] : [actor]
      const texts: string[] = []
      for (const person of all) texts.push(...(await textsOf(person)))
      for (const person of all) {
        if (person.personId === actor.personId || person.personId === ownerId) {
          await deps.leave(person)
          await store.people.empty(person)
        } else await deps.removePerson(actor, person.personId, "erase")
      }
      await store.scrub()
      for (const person of all) deps.changed(person)
      return { erased, proof: await prove(piecesOf(texts), signal) }
    },
    async remove(actor, id, things, signal) {
      const person = deps.actorOf(id)
      const pieces = person ? await voicesOf(person) : []
      if (person && things === "erase") pieces.push(...piecesOf(await textsOf(person)))
      await deps.removePerson(actor, id, things)
      await store.scrub()
      if (person) deps.changed(actor)
      return await prove(pieces, signal)
    },
    mentions: async (actor, subjectId) => walkMentions(actor, await vault.get(actor, subjectId), {}),
    async eraseSubject(actor, subjectId, signal) {
      const subject = await vault.get(actor, subjectId)
      const hide = (text: string): string => replaceIn(text, { kinds: ["name"], ...wordsOf(subject) }, () => "[erased]")
      // What was deleted and could be restored may mention them too.
      await store.conversations.purge(actor, 0)
      const erased = await walkMentions(actor, subject, {
        async message(_, id) {
          const { text, reasoning, passages, parentId } = await store.messages.get(actor, id)
          // Words can be taken out of a text, not out of the sound of its question.
          for (const heard of [id, parentId]) if (heard !== null) await store.turnSounds.delete(actor, heard)
          const clean = JSON.parse(hideInJson(passages, hide)) as typeof passages
          // Places of citations no longer fit a text that was changed.
          await store.messages.update(actor, id, {
            text: hide(text),
            reasoning: hide(reasoning),
            passages: clean,
            spans: [],
          })
        },
        async conversation(id, title) {
          await store.conversations.update(actor, id, { title: hide(title) })
        },
        document: (id) => deps.deleteDocument(actor, id),
        memory: (id) => deps.deleteMemory(actor, id),
      })
      const found = isMentioned(subject)
      erased.datasets = await datasets.deleteWith(actor, found)
      for (const pin of await store.evaluations.pins(actor))
        if (found(JSON.stringify(pin))) await store.evaluations.unpin(actor, pin.id)
      for (const run of await store.evaluations.runs(actor, 500))
        if (found(JSON.stringify(run))) await store.evaluations.deleteRun(actor, run.id)
      await vault.delete(actor, subjectId)
      await store.scrub()
      deps.changed(actor)
      return {
        erased,
        proof: await prove(
          subject.identifiers.map(({ value }) => value),
          signal,
        ),
      }
    },
  }
}

/** Names count in their parts too, all else as it was given. */
const wordsOf = ({ identifiers }: PiiSubject) => ({
  names: identifiers.filter(({ kind }) => kind === "name").map(({ value }) => value),
  exact: identifiers.filter(({ kind }) => kind !== "name").map(({ value }) => value),
})

function hideInJson(value: unknown, hide: (text: string) => string): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === "string" ? hide(field) : field))
}
