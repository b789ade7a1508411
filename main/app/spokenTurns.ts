import type { TurnDeps, VoiceChannel } from "#chat/runTurn.ts"
import type { Actor } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import type { TextToSpeech } from "#engines/types.ts"
import { createPauseHabit } from "#voice/endpointing.ts"
import { runVoiceTurn } from "#voice/runVoiceTurn.ts"
import { speakAnswer } from "#voice/speakAnswer.ts"
import type { Speakers } from "#voice/speakers.ts"
import type { EngineRack } from "./engines.ts"
import type { Settings } from "./settings.ts"
import type { ClonedVoices } from "./speechService.ts"
import type { Tuning } from "./tuningService.ts"

export interface SpokenTurnsDeps {
  engines: Pick<EngineRack, "vad" | "speechToText" | "textToSpeech" | "turnDetector">
  settings: Pick<Settings, "values">
  speakers: Speakers
  cloned: ClonedVoices
  tuning: Pick<Tuning, "tell">
}

/** How a turn hears its question and speaks its answer, with the models that are installed. */
export function createSpokenTurns(deps: SpokenTurnsDeps): Pick<TurnDeps, "runVoice" | "speakAnswer"> {
  const { engines, settings, speakers, cloned, tuning } = deps
  const habit = createPauseHabit()

  /** Null: nothing is installed that speaks. */
  const outputFor = async (
    actor: Actor,
    voice: string | undefined,
    { sink, streamId }: Pick<VoiceChannel, "sink" | "streamId">,
  ) => {
    const { voice: preferred, speechRate, sentencePauseMs } = settings.values(actor)
    const wanted = voice ?? preferred ?? undefined
    const copy = wanted !== undefined && cloned.has(wanted) ? await copyOf(actor, wanted) : null
    const tts = copy ?? (await engines.textToSpeech())
    if (!tts) return null
    const isGone = copy === null && wanted !== undefined && cloned.has(wanted)
    return { tts, sink, voice: isGone ? undefined : wanted, rate: speechRate, pauseMs: sentencePauseMs, streamId }
  }

  /** Null: the voice is gone or cannot be used now; the assistant then speaks with its own. */
  const copyOf = async (actor: Actor, voice: string): Promise<TextToSpeech | null> => {
    try {
      return (await cloned.voice(actor, voice)).tts
    } catch (error) {
      if (error instanceof AppError) return null
      throw error
    }
  }

  return {
    async *runVoice(channel, { actor, voice, isHandsFree, quickAnswers, ask }, signal) {
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
      const speech = await outputFor(actor, voice, channel)
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
          hasQuickAnswers: quickAnswers ?? settings.values(actor).quickAnswers,
          onScore: (event) => tuning.tell(actor, event),
        },
        signal,
      )
    },
    async *speakAnswer(events, { actor, voice, quickAnswers, channel }, signal) {
      const speech = await outputFor(actor, voice, channel)
      const hasQuickAnswers = quickAnswers ?? settings.values(actor).quickAnswers
      yield* speech ? speakAnswer(events, speech, signal, { hasQuickAnswers }) : events
    },
  }
}
