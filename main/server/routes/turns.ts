import type { turnRoutes } from "#contract/turnRoutes.ts"
import type { TurnEvent } from "#contract/turns.ts"
import { createPushQueue, type PushQueue } from "#core/queue.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor, StreamItem } from "../handlers.ts"
import { parseLastEventId } from "../lastEventId.ts"

/** Events kept for a client that does not read. A long answer has some thousands. */
const undrainedEvents = 50_000

export const turnHandlers = ({ turns }: Pick<ServerDeps, "turns">): HandlersFor<typeof turnRoutes> => ({
  "POST /api/turns": ({ body }, { actor }) => turns.start(actor, body),
  "GET /api/turns/:turnId/events": async ({ params }, { actor, signal, lastEventId }) => {
    const queue = createPushQueue<TurnEvent>(undrainedEvents)
    const unsubscribe = turns.watch(actor, params.turnId, parseLastEventId(lastEventId), (event) => {
      // A client that reads too slowly is cut off and comes back with `Last-Event-ID`.
      if (!queue.push(event) || event.type === "turn-end") queue.end()
    })
    return items(queue, unsubscribe, signal)
  },
  "POST /api/turns/:turnId/release": async ({ params }, { actor }) => {
    await turns.release(actor, params.turnId)
    return { ok: true }
  },
  "POST /api/turns/:turnId/heard": async ({ params, body }, { actor }) => {
    await turns.heard(actor, params.turnId, body.playedMs)
    return { ok: true }
  },
  "DELETE /api/turns/:turnId": async ({ params }, { actor }) => {
    await turns.abort(actor, params.turnId)
    return { ok: true }
  },
})

async function* items(
  queue: PushQueue<TurnEvent>,
  unsubscribe: () => void,
  signal: AbortSignal,
): AsyncGenerator<StreamItem<TurnEvent>> {
  const stop = (): void => queue.fail(signal.reason)
  signal.addEventListener("abort", stop)
  try {
    signal.throwIfAborted()
    for await (const event of queue) yield { id: event.seq, event: event.type, data: event }
  } finally {
    signal.removeEventListener("abort", stop)
    unsubscribe()
  }
}
