import type { AudioSource } from "#audio/types.ts"
import { writeWav } from "#audio/wavFile.ts"
import type { SoundKeeper } from "#chat/runTurn.ts"
import type { Actor } from "#core/actor.ts"
import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import type { Logger } from "#core/logger.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { seal, unseal } from "#ops/secrets/vault.ts"
import type { TuningService } from "#server/deps.ts"
import type { Store } from "#store/types.ts"
import type { Settings } from "./settings.ts"

export interface TurnSoundsDeps {
  sounds: Store["turnSounds"]
  secrets: Pick<Secrets, "dataKey">
  settings: Pick<Settings, "values" | "onChange">
  /** Everybody whose settings count. */
  actors(): Actor[]
  log: Logger
}

export interface TurnSounds extends Pick<TuningService, "sounds" | "sound" | "deleteSound"> {
  keeper: SoundKeeper
  close(): Promise<void>
}

/** Of each person; older ones go. */
const mostKept = 20
/** Of one question: the beginning tells how it was understood. */
const longestMs = 60_000
const sampleRate = 16_000
const keyName = "turn-sounds"

/**
 * Sound of spoken questions, of people who asked for it to be kept: sealed with a key of this data directory, each to its own question.
 * Where somebody switches it off, theirs is erased.
 */
export function createTurnSounds({ sounds, secrets, settings, actors, log }: TurnSoundsDeps): TurnSounds {
  const keeps = (actor: Actor): boolean => settings.values(actor).keepTurnSound
  let erasing: Promise<void> = Promise.resolve()
  const eraseUnwanted = (): void => {
    erasing = erasing
      .then(async () => {
        for (const actor of actors()) if (!keeps(actor)) await sounds.clear(actor)
      })
      .catch((error: unknown) => log.error("kept sound could not be erased", { error }))
  }
  const unsubscribe = settings.onChange(eraseUnwanted)
  // A core that was ended in between may have left some.
  eraseUnwanted()

  const placeOf = (messageId: string): string => `${keyName}/${messageId}`
  const keep = async (actor: Actor, messageId: string, samples: Float32Array): Promise<void> => {
    const wav = Buffer.from(writeWav(samples, sampleRate)).toString("base64")
    const sealed = JSON.stringify(seal(await secrets.dataKey(keyName), placeOf(messageId), wav))
    const durationMs = Math.round((samples.length / sampleRate) * 1000)
    // It may have been switched off meanwhile.
    if (keeps(actor)) await sounds.add(actor, { messageId, durationMs, sealed }, mostKept)
  }

  return {
    keeper: {
      listenIn(actor, source) {
        if (!keeps(actor)) return null
        const heard = recorded(source)
        return {
          source: heard.source,
          async keep(asker, messageId) {
            const samples = heard.samples()
            if (!keeps(asker) || samples.length === 0) return
            await keep(asker, messageId, samples).catch((error: unknown) =>
              log.warn("the sound of a question could not be kept", { messageId, error }),
            )
          },
        }
      },
    },
    sounds: sounds.list,
    async sound(actor, messageId) {
      const sealed = await sounds.sealed(actor, messageId)
      try {
        const wav = unseal(await secrets.dataKey(keyName), placeOf(messageId), JSON.parse(sealed))
        return new Uint8Array(Buffer.from(wav, "base64"))
      } catch (cause) {
        if (cause instanceof AppError) throw cause
        throw new AppError("secrets.damaged", "This recording was changed, or belongs to another question.", {
          remedy: "Delete it.",
          cause,
        })
      }
    },
    async deleteSound(actor, messageId) {
      if (await sounds.delete(actor, messageId)) return
      throw new AppError("message.not-found", "No sound of this question is kept.", {
        remedy: "It may have been removed: look at the list again.",
      })
    },
    async close() {
      unsubscribe()
      await erasing
    },
  }
}

/** Passes frames on and holds a copy of the first minute. */
function recorded(source: AudioSource): { source: AudioSource; samples(): Float32Array } {
  const parts: Float32Array[] = []
  let length = 0
  return {
    source: {
      async *frames(signal) {
        for await (const frame of source.frames(signal)) {
          if (frame.sampleRate === sampleRate && length < (longestMs / 1000) * sampleRate) {
            parts.push(frame.samples.slice())
            length += frame.samples.length
          }
          yield frame
        }
      },
    },
    samples: () => concatSamples(parts),
  }
}
