import type { ChatCompletionRequest } from "#contract/openai.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import type { ResponseObject } from "./responseEvents.ts"

export interface KeptResponse {
  response: ResponseObject
  /** The conversation up to and with this response, without instructions: those count for one response only. */
  messages: ChatCompletionRequest["messages"]
}

export interface KeptResponses {
  get(actor: Actor, id: string): KeptResponse | undefined
  keep(actor: Actor, kept: KeptResponse): void
  /** False when there was none. */
  forget(actor: Actor, id: string): boolean
}

const keptMs = 60 * 60 * 1000
const keptCharacters = 16_000_000

/** Responses that `previous_response_id` may name: in memory only, for an hour, the oldest first to go. Everybody has their own. */
export function createKeptResponses(clock: Pick<Clock, "now">): KeptResponses {
  const all = new Map<string, { kept: KeptResponse; characters: number; until: number }>()
  let characters = 0
  const keyOf = (actor: Actor, id: string): string => JSON.stringify([actor.personId, id])
  const remove = (key: string): boolean => {
    characters -= all.get(key)?.characters ?? 0
    return all.delete(key)
  }
  const sweep = (): void => {
    for (const [key, entry] of all) if (entry.until <= clock.now() || characters > keptCharacters) remove(key)
  }
  return {
    get(actor, id) {
      sweep()
      return all.get(keyOf(actor, id))?.kept
    },
    keep(actor, kept) {
      const size = JSON.stringify(kept).length
      all.set(keyOf(actor, kept.response.id), { kept, characters: size, until: clock.now() + keptMs })
      characters += size
      sweep()
    },
    forget(actor, id) {
      sweep()
      return remove(keyOf(actor, id))
    },
  }
}
