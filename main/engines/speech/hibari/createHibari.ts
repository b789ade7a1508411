import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { AppError } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createHostedModel } from "../../hostedModel.ts"
import type { TextToSpeech, VoiceInfo } from "../../types.ts"
import type { SpeechContract, TtsVoice } from "../contract.ts"

export interface HibariOptions {
  client: EngineClient<SpeechContract>
  /** Catalog id and the folder its files lie in. */
  model: { id: string; dir: string }
}

interface Voice extends VoiceInfo {
  file: string
}

/** Hibari voices (Apache-2.0), spoken in the speech child. The default voice is the first one of voices.json that is installed. */
export function createHibari({ client, model }: HibariOptions): TextToSpeech {
  let voices: Voice[] | undefined
  const installedVoices = (): Voice[] => {
    voices ??= readVoices(model.dir)
    return voices ?? []
  }
  const chosen = (id: string | undefined): TtsVoice => {
    const installed = installedVoices()
    const [first] = installed
    if (!first)
      throw new AppError("model.missing", `The voice model ${model.id} is not installed.`, {
        remedy: `Run \`zenglow models pull ${model.id}\`.`,
      })
    const voice = id === undefined ? first : installed.find((each) => each.id === id)
    if (!voice)
      throw new AppError("tts.unknown-voice", `There is no voice called ${id}.`, {
        remedy: `Choose one of: ${installed.map((each) => each.id).join(", ")}.`,
      })
    return { dir: model.dir, voiceFile: voice.file }
  }
  const hosted = createHostedModel(client, {
    load: async (signal) => client.request("tts.load", chosen(undefined), { signal }),
    unload: (signal) => client.request("tts.unload", null, { signal }),
  })

  return {
    modelId: model.id,
    isFallback: false,
    loadState: hosted.loadState,
    load: hosted.load,
    unload: hosted.unload,
    voices: () => installedVoices().map(({ id, name, language }) => ({ id, name, language })),
    async synthesize(text, { voice, rate = 1 }, signal) {
      const target = chosen(voice)
      if (!/[\p{L}\p{N}]/u.test(text))
        throw new AppError("tts.empty-text", "There is nothing to say in this text.", {
          remedy: "Send a text with at least one word.",
        })
      const paced = Math.min(2, Math.max(0.5, rate))
      return hosted.use(signal, () => client.request("tts.synthesize", { ...target, text, rate: paced }, { signal }))
    },
  }
}

/** Voices of voices.json whose network is in the folder. Undefined when the model is not installed. */
function readVoices(dir: string): Voice[] | undefined {
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
      file: voice.file,
    }))
}
