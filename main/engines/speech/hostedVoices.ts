import { AppError } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../hostedModel.ts"
import type { TextToSpeech, VoiceInfo } from "../types.ts"
import type { SpeechContract, TtsVoice } from "./contract.ts"

/** A voice and the files that speak it. */
export interface HostedVoice extends VoiceInfo {
  files: TtsVoice
}

/** Voices of one model, spoken in the speech child. `voices` lists what is installed; the first is the default. */
export function createHostedVoices(
  client: EngineClient<SpeechContract>,
  modelId: string,
  voices: () => readonly HostedVoice[],
): TextToSpeech {
  const chosen = (id: string | undefined): TtsVoice => {
    const installed = voices()
    const [first] = installed
    if (!first)
      throw new AppError("model.missing", `The voice model ${modelId} is not installed.`, {
        remedy: `Run \`zenglow models pull ${modelId}\`.`,
      })
    const voice = id === undefined ? first : installed.find((each) => each.id === id)
    if (!voice)
      throw new AppError("tts.unknown-voice", `There is no voice called ${id}.`, {
        remedy: `Choose one of: ${installed.map((each) => each.id).join(", ")}.`,
      })
    return voice.files
  }
  const hosted = createHostedModel(client, {
    load: async (signal) => client.request("tts.load", chosen(undefined), { signal }),
    unload: (signal) => client.request("tts.unload", null, { signal }),
  })

  return {
    modelId,
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    voices: () => voices().map(({ id, name, language }) => ({ id, name, language, model: modelId })),
    async synthesize(text, { voice, rate = 1, phonemes = {} }, signal) {
      const target = chosen(voice)
      if (!/[\p{L}\p{N}]/u.test(text))
        throw new AppError("tts.empty-text", "There is nothing to say in this text.", {
          remedy: "Send a text with at least one word.",
        })
      const paced = Math.min(2, Math.max(0.5, rate))
      return hosted.use(signal, () =>
        client.request("tts.synthesize", { ...target, text, rate: paced, phonemes }, { signal }),
      )
    },
  }
}
