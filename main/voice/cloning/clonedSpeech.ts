import { concatSamples } from "#core/concatSamples.ts"
import { AppError } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { TextToSpeech, VoiceCloner } from "#engines/types.ts"

/** Ids of cloned voices are told from those of stock voices by how they begin. */
export const clonedVoiceIds = {
  make: (): string => `clone-${newId()}`,
  has: (voiceId: string): boolean => voiceId.startsWith("clone-"),
}

/** Of a voice that speaks once and is not kept. */
export const oneOffVoice = (): string => `once-${newId()}`

interface Speaking {
  id: string
  name: string
  language: string
  /** The consent under which it speaks. */
  silencedBy: string
}

/** Cloned voices that are speaking now. */
export interface ClonedSpeech {
  speaker(
    cloner: VoiceCloner,
    voice: Speaking,
    conditioning: (signal: AbortSignal) => Promise<Uint8Array>,
  ): TextToSpeech
  /** Ends all speech in these voices, or under these consents, and forgets what they are like. */
  silence(ids: readonly string[]): void
}

/** Conditionings held in memory: those of a conversation of several voices. */
const mostHeld = 8

export function createClonedSpeech(): ClonedSpeech {
  const speaking = new Map<AbortController, Speaking>()
  /** In the order of their last use; by voice and engine. */
  const held = new Map<string, { voice: Speaking; bytes: Uint8Array }>()
  const silenced = new Set<string>()

  const hold = (key: string, voice: Speaking, bytes: Uint8Array): void => {
    held.delete(key)
    held.set(key, { voice, bytes })
    for (const oldest of held.keys()) if (held.size > mostHeld) held.delete(oldest)
  }

  return {
    speaker(cloner, voice, conditioning) {
      const key = `${voice.id} ${cloner.fingerprint}`
      return {
        modelId: cloner.modelId,
        isFallback: false,
        loadState: cloner.loadState,
        load: cloner.load,
        unload: cloner.unload,
        voices: () => [{ id: voice.id, name: voice.name, language: voice.language }],
        async synthesize(text, { rate }, signal) {
          const stop = new AbortController()
          const both = AbortSignal.any([signal, stop.signal])
          speaking.set(stop, voice)
          if (silenced.has(voice.id) || silenced.has(voice.silencedBy)) stop.abort(takenBack())
          try {
            both.throwIfAborted()
            const bytes = held.get(key)?.bytes ?? (await conditioning(both))
            both.throwIfAborted()
            hold(key, voice, bytes)
            const parts: Float32Array[] = []
            let sampleRate = 24_000
            const options = { conditioning: bytes, language: voice.language, rate }
            for await (const chunk of cloner.synthesize(text, options, both)) {
              both.throwIfAborted()
              parts.push(chunk.samples)
              sampleRate = chunk.sampleRate
            }
            both.throwIfAborted()
            return { samples: concatSamples(parts), sampleRate }
          } finally {
            speaking.delete(stop)
          }
        },
      }
    },
    silence(ids) {
      const gone = new Set(ids)
      const isGone = ({ id, silencedBy }: Speaking): boolean => gone.has(id) || gone.has(silencedBy)
      for (const id of ids) silenced.add(id)
      for (const [key, { voice, bytes }] of held) {
        if (!isGone(voice)) continue
        bytes.fill(0)
        held.delete(key)
      }
      for (const [stop, voice] of speaking) if (isGone(voice)) stop.abort(takenBack())
    },
  }
}

const takenBack = (): AppError =>
  new AppError("cloning.no-consent", "The consent for this voice was taken back, or the voice was erased.", {
    remedy: "Choose another voice.",
  })
