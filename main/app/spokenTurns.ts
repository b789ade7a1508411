import type { TurnDeps, VoiceChannel } from "#chat/runTurn.ts"
import { AppError } from "#core/errors.ts"
import { createPauseHabit } from "#voice/endpointing.ts"
import { runVoiceTurn } from "#voice/runVoiceTurn.ts"
import { speakAnswer } from "#voice/speakAnswer.ts"
import type { Speakers } from "#voice/speakers.ts"
import type { EngineRack } from "./engines.ts"
import type { Settings } from "./settings.ts"

export interface SpokenTurnsDeps {
  engines: Pick<EngineRack, "vad" | "speechToText" | "textToSpeech" | "turnDetector">
  settings: Pick<Settings, "values">
  speakers: Speakers
}

/** How a turn hears its question and speaks its answer, with the models that are installed. */
export function createSpokenTurns(deps: SpokenTurnsDeps): Pick<TurnDeps, "runVoice" | "speakAnswer"> {
  const { engines, settings, speakers } = deps
  const habit = createPauseHabit()

  /** Null: nothing is installed that speaks. */
  const outputFor = async (voice: string | undefined, { sink, streamId }: Pick<VoiceChannel, "sink" | "streamId">) => {
    const tts = await engines.textToSpeech()
    if (!tts) return null
    const { voice: preferred, speechRate } = settings.values()
    return { tts, sink, voice: voice ?? preferred ?? undefined, rate: speechRate, streamId }
  }

  return {
    async *runVoice(channel, { actor, voice, isHandsFree, ask }, signal) {
      const [vad, speechToText, detector] = await Promise.all([
        engines.vad(),
        engines.speechToText(),
        isHandsFree ? engines.turnDetector() : null,
      ])
      if (!vad || !speechToText) {
        throw new AppError("model.missing", "Listening needs the speech-to-text model, which is not installed.", {
          remedy: "Open Models to install it, or type your question.",
        })
      }
      const speech = await outputFor(voice, channel)
      yield* runVoiceTurn(
        {},
        {
          source: channel.source,
          vad,
          speechToText,
          answer: ask,
          speech,
          identify: (samples, identifySignal) => speakers.recognize(actor, samples, identifySignal),
          endpointing: isHandsFree ? { detector, habit } : null,
        },
        signal,
      )
    },
    async *speakAnswer(events, { voice, channel }, signal) {
      const speech = await outputFor(voice, channel)
      yield* speech ? speakAnswer(events, speech, signal) : events
    },
  }
}
