import type { ListeningEvent } from "#contract/tuning.ts"
import type { Actor } from "#core/actor.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import type { TuningService } from "#server/deps.ts"
import type { TurnSounds } from "./turnSounds.ts"

/** What the tuning page shows: live scores by person, and the sound that is kept. */
export interface Tuning {
  service: TuningService
  /** Nobody learns what another person's microphone heard. */
  tell(actor: Actor, event: ListeningEvent): void
}

export function createTuning(kept: TurnSounds, log: Logger): Tuning {
  const events = createHub<{ personId: string; event: ListeningEvent }>((error) =>
    log.error("a listener of live scores failed", { error }),
  )
  return {
    tell: ({ personId }, event) => events.publish({ personId, event }),
    service: {
      sounds: kept.sounds,
      sound: kept.sound,
      deleteSound: kept.deleteSound,
      subscribe: (actor, listener) =>
        events.subscribe(({ personId, event }) => {
          if (personId === actor.personId) listener(event)
        }),
    },
  }
}
