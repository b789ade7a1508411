import type { Follow, TurnDeps } from "#chat/runTurn.ts"
import type { Conversation } from "#contract/conversations.ts"
import { rulesOf } from "#core/access.ts"
import { type Actor, guestActor } from "#core/actor.ts"
import type { Logger } from "#core/logger.ts"
import type { Store } from "#store/types.ts"
import type { People } from "./peopleService.ts"

export interface FollowVoiceDeps {
  people: Pick<People, "person" | "actorOf" | "actors">
  store: Pick<Store, "conversations" | "messages" | "collections" | "audit">
  persona: TurnDeps["persona"]
  log: Logger
}

/** Conversations by voice whose others are remembered. */
const keptPairs = 200

/**
 * Conversation, memory, persona and documents follow the voice. Where the person who opened a turn has told which voice is theirs, another
 * voice is not them: somebody else of the household is answered as themselves, in a conversation of their own, if the first one allows it;
 * everybody else is a guest. Where they have not, an unknown voice may well be theirs.
 */
export function createFollowVoice({
  people,
  store,
  persona,
  log,
}: FollowVoiceDeps): NonNullable<TurnDeps["followVoice"]> {
  /** The other's conversation, by the one they talk in and who they are. */
  const theirs = new Map<string, string>()

  async function conversationOf(actor: Actor, beside: Conversation): Promise<Conversation> {
    const key = `${beside.id}/${actor.personId}`
    const known = theirs.get(key)
    if (known !== undefined) {
      const found = await store.conversations.get(actor, known).catch(() => null)
      if (found) return found
    }
    const made = await store.conversations.create(actor, {})
    theirs.set(key, made.id)
    for (const old of [...theirs.keys()].slice(0, Math.max(0, theirs.size - keptPairs))) theirs.delete(old)
    return made
  }

  /** Those of the asked-for collections that this person may read. Null: all of theirs, where nothing was asked for. */
  async function readable(asker: Actor, asked: string[] | null): Promise<string[] | null> {
    if (asked === null) return null
    const ids = new Set((await store.collections.list(asker)).map(({ id }) => id))
    return asked.filter((id) => ids.has(id))
  }

  return async (turn, turnId, identified) => {
    const session = people.person(turn.actor.personId)
    if (!session) return null
    const speaker =
      identified && people.actors().find(({ personId }) => people.person(personId)?.speakerId === identified.id)
    const isOwn = identified !== null && session.speakerId === identified.id
    if (isOwn || (!speaker && session.speakerId === null)) return null

    const asker = speaker && session.followsVoices ? speaker : guestActor
    const asked = turn.request.collectionIds ?? turn.conversation?.collectionIds ?? null
    const collectionIds = await readable(asker, asked)
    await store.audit
      .record(turn.actor, {
        action: "people.voice",
        subject: turnId,
        outcome: "ok",
        requestId: null,
        detail: asker.personId,
      })
      .catch((error: unknown) => log.error("the audit log could not be written", { error }))

    if (asker === guestActor) {
      const { actor, conversation, parentId } = turn
      const guest: Follow = {
        asker,
        actor,
        conversation,
        parentId,
        history: [],
        collectionIds,
        person: null,
        persona: await persona(null),
      }
      return guest
    }
    const { name } = people.person(asker.personId) ?? { name: "" }
    const conversation =
      turn.conversation && rulesOf(asker).keeps ? await conversationOf(asker, turn.conversation) : null
    const leaf = conversation?.activeMessageId ?? null
    return {
      asker,
      actor: asker,
      conversation,
      parentId: leaf,
      history: leaf === null ? [] : await store.messages.path(asker, leaf),
      // What was chosen for the other's conversation says nothing about theirs.
      collectionIds: collectionIds?.length ? collectionIds : null,
      person: { id: asker.personId, name },
      persona: await persona(conversation?.personaId ?? null, asker),
    }
  }
}
