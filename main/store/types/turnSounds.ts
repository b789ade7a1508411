import type { TurnSound } from "#contract/tuning.ts"
import type { Actor } from "#core/actor.ts"

/** Sound of spoken questions, of people who asked for it to be kept. It goes with its message, its chat and its person; what is deleted or cleared leaves no byte. */
export interface TurnSoundRepository {
  /** `sealed` is the recording, encrypted by the core. Only the `mostKept` newest of this person stay. Throws `message.not-found`. */
  add(actor: Actor, sound: { messageId: string; durationMs: number; sealed: string }, mostKept: number): Promise<void>
  /** Newest first. */
  list(actor: Actor): Promise<TurnSound[]>
  sealed(actor: Actor, messageId: string): Promise<string>
  /** False: there was none. */
  delete(actor: Actor, messageId: string): Promise<boolean>
  /** Returns how many were deleted. */
  clear(actor: Actor): Promise<number>
}
