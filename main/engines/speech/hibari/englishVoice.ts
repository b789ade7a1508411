import type { InferenceSession } from "onnxruntime-node"
import { joinClauses } from "../joinClauses.ts"
import { normalizeLoudness } from "../loudness.ts"
import type { VoiceModel } from "../voiceModel.ts"
import { loadEnglishReader } from "./englishReader.ts"

/** What a network says for the phoneme ids of one clause. */
export type SpeakClause = (ids: readonly number[]) => Promise<Float32Array>

/**
 * A voice model that reads American English and speaks it clause by clause with one network.
 *
 * @param dir Folder with the pronunciation data. Throws `model.missing`, `model.corrupt` or what `openNetwork` throws.
 */
export async function loadEnglishVoice(
  dir: string,
  options: {
    sampleRate: number
    openNetwork(): Promise<InferenceSession>
    /** Called once per request, before anything is read. */
    speaker(
      network: InferenceSession,
      request: { rate: number; stylePath: string | null },
    ): SpeakClause | Promise<SpeakClause>
  },
): Promise<VoiceModel> {
  const reader = await loadEnglishReader(dir)
  const network = await options.openNetwork().catch(async (error) => {
    await reader.release()
    throw error
  })
  return {
    sampleRate: options.sampleRate,
    phonemize: reader.phonemize,
    async synthesize({ text, phonemes: own, ...request }, signal) {
      const speak = await options.speaker(network, request)
      const waves: Float32Array[] = []
      for (const phonemes of await reader.phonemize(text, own)) {
        signal.throwIfAborted()
        const ids = reader.idsOf(phonemes)
        if (ids.length > 0) waves.push(await speak(ids))
      }
      signal.throwIfAborted()
      const samples = joinClauses(waves, options.sampleRate)
      normalizeLoudness(samples)
      return samples
    },
    async release() {
      await network.release()
      await reader.release()
    },
  }
}
