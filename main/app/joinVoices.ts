import type { Pronunciation } from "#contract/settings.ts"
import { AppError } from "#core/errors.ts"
import type { TextToSpeech } from "#engines/types.ts"
import { pronounced } from "#voice/pronunciation.ts"

/** Several models' voices as one, with the person's own dictionary; the first model's first voice is the default. Null: there is none. */
export function joinVoices(
  models: readonly TextToSpeech[],
  dictionary: () => readonly Pronunciation[],
): TextToSpeech | null {
  const [first] = models
  if (!first) return null
  const speakerOf = (voice: string | undefined): TextToSpeech => {
    if (voice === undefined) return first
    const found = models.find((model) => model.voices().some(({ id }) => id === voice))
    if (found) return found
    const known = models.flatMap((model) => model.voices()).map(({ id }) => id)
    throw new AppError("tts.unknown-voice", `There is no voice named ${voice.slice(0, 60)}.`, {
      remedy: `Voices: ${known.join(", ")}.`,
    })
  }
  return {
    ...first,
    voices: () => models.flatMap((model) => model.voices().map((voice) => ({ ...voice, model: model.modelId }))),
    async synthesize(text, options, signal) {
      const speaker = speakerOf(options.voice)
      const voices = speaker.voices()
      const { language } = voices.find(({ id }) => id === options.voice) ?? voices[0] ?? { language: "en" }
      const { text: respelled, phonemes } = pronounced(text, dictionary(), language)
      return await speaker.synthesize(respelled, { ...options, phonemes: { ...phonemes, ...options.phonemes } }, signal)
    },
  }
}
