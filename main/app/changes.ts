import type { Actor } from "#core/actor.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import type { Change, ServerDeps } from "#server/deps.ts"
import type { Store } from "#store/types.ts"

export interface Changes {
  /** Says that a list of everybody's changed, or with an actor, theirs. */
  changed(channel: Change["channel"]): (id: string | null, actor?: Actor) => void
  /** What this person may hear of. */
  onChange: ServerDeps["onChange"]
}

/** Tells windows which of their lists to read again. Nobody hears the id of a thing that they could not look at. */
export function createChanges(documents: Pick<Store["documents"], "get">, log: Logger): Changes {
  const hub = createHub<Change>((error) => log.error("a listener of changes failed", { error }))
  return {
    changed: (channel) => (id, actor) =>
      hub.publish({ channel, id, ...(actor === undefined ? {} : { personId: actor.personId }) }),
    onChange(actor, listener) {
      let isOver = false
      const end = hub.subscribe((change) => {
        const { channel, id, personId } = change
        const isTheirs = personId === actor.personId
        if (isTheirs || (personId === undefined && (channel !== "documents" || id === null))) {
          listener({ channel, id })
          return
        }
        // A document of somebody else's may lie in a collection that is shared with them.
        if (channel !== "documents" || id === null) return
        documents.get(actor, id).then(
          () => {
            if (!isOver) listener({ channel, id })
          },
          () => undefined,
        )
      })
      return () => {
        isOver = true
        end()
      }
    },
  }
}
