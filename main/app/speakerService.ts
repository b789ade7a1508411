import { readFile } from "node:fs/promises"
import type { AudioCodecs } from "#audio/audioCodecs.ts"
import type { Secrets } from "#ops/secrets/types.ts"
import { seal, unseal } from "#ops/secrets/vault.ts"
import type { SpeakerService } from "#server/deps.ts"
import { createSpeakers, type Speakers, type SpeakersDeps } from "#voice/speakers.ts"

const listenRate = 16_000
/** Name of the data key, and what every sealed profile is bound to. */
const keyName = "voices"

/** Known voices, sealed with a key of this data directory. */
export function openSpeakers(deps: Omit<SpeakersDeps, "seal" | "open"> & { secrets: Secrets }): Speakers {
  return createSpeakers({
    ...deps,
    seal: async (plain) => JSON.stringify(seal(await deps.secrets.dataKey(keyName), keyName, plain)),
    open: async (sealed) => unseal(await deps.secrets.dataKey(keyName), keyName, JSON.parse(sealed)),
  })
}

/** Enrolment and identification from uploaded sound files. */
export function createSpeakerService(speakers: Speakers, codecs: AudioCodecs): SpeakerService {
  const decode = async (file: { path: string; name: string }, signal: AbortSignal): Promise<Float32Array> => {
    const bytes = await readFile(file.path)
    return (await codecs.decodeAudio(bytes, { filename: file.name, sampleRate: listenRate }, signal)).samples
  }
  return {
    list: speakers.list,
    rename: speakers.rename,
    forget: speakers.forget,
    async enroll(actor, { name, files, hasConsent }, signal) {
      const recordings = []
      for (const file of files) recordings.push(await decode(file, signal))
      const made = await speakers.enroll(actor, { name, recordings, hasConsent }, signal)
      return {
        profile_id: made.profileId,
        samples: made.samples,
        net_speech_s: made.netSpeechSeconds,
        embedding_dim: made.dimensions,
        quality: made.quality,
        is_strong: made.isStrong,
      }
    },
    identify: async (actor, file, signal) => await speakers.identify(actor, await decode(file, signal), signal),
  }
}
