import type { EngineClient } from "#core/host/types.ts"
import type { TextToSpeech, VoiceInfo } from "../../types.ts"
import type { SpeechContract } from "../contract.ts"
import { createHostedVoices } from "../hostedVoices.ts"

export interface KokoroOptions {
  client: EngineClient<SpeechContract>
  /** Catalog id, the folder its files lie in, its network, and its voices: each lies in `<id>.bin`. */
  model: { id: string; dir: string; weights: string; voices: readonly VoiceInfo[] }
  threads: number
}

/** The American English voices of Kokoro-82M (Apache-2.0). */
export function createKokoro({ client, model, threads }: KokoroOptions): TextToSpeech {
  const { id, dir, weights } = model
  const voices = model.voices.map((voice) => ({
    ...voice,
    files: { engine: "kokoro" as const, dir, weights, style: `${voice.id}.bin`, threads },
  }))
  return createHostedVoices(client, id, () => voices)
}
