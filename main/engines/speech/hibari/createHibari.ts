import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { EngineClient } from "#core/host/types.ts"
import type { TextToSpeech } from "../../types.ts"
import type { SpeechContract } from "../contract.ts"
import { createHostedVoices, type HostedVoice } from "../hostedVoices.ts"

export interface HibariOptions {
  client: EngineClient<SpeechContract>
  /** Catalog id and the folder its files lie in. */
  model: { id: string; dir: string }
}

/** Hibari voices (Apache-2.0), spoken in the speech child. The default voice is the first one of voices.json that is installed. */
export function createHibari({ client, model }: HibariOptions): TextToSpeech {
  let voices: HostedVoice[] | undefined
  return createHostedVoices(client, model.id, () => {
    voices ??= readVoices(model.dir)
    return voices ?? []
  })
}

/** Voices of voices.json whose network is in the folder. Undefined when the model is not installed. */
function readVoices(dir: string): HostedVoice[] | undefined {
  const path = join(dir, "voices.json")
  if (!existsSync(path)) return undefined
  // A kilobyte, read once: not worth an asynchronous voices().
  const listed = JSON.parse(readFileSync(path, "utf8")) as Record<
    string,
    { language: string; accent: string; gender: string; file: string; british: boolean }
  >
  return Object.entries(listed)
    .filter(([, voice]) => !voice.british && existsSync(join(dir, voice.file)))
    .map(([id, voice]) => ({
      id,
      name: `${id.slice(0, 1).toUpperCase()}${id.slice(1)} (${voice.accent}, ${voice.gender})`,
      language: voice.language,
      files: { engine: "hibari", dir, weights: voice.file, style: null, threads: 1 },
    }))
}
