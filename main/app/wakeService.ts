import type { WakeEvent, WakeStatus } from "#contract/wake.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import type { SpeechToText, WakePhrase, WakeWord } from "#engines/types.ts"
import type { WakeService } from "#server/deps.ts"
import type { OwnSpeech } from "#voice/ownSpeech.ts"
import { openWakeGuard, type WakeGuard } from "#voice/wakeGuard.ts"
import type { Settings } from "./settings.ts"
import type { KnownPhrase } from "./wakePhrases.ts"

export interface WakeServiceDeps {
  settings: Pick<Settings, "values" | "change" | "onChange">
  wakeWord(): Promise<WakeWord | null>
  speechToText(): Promise<SpeechToText | null>
  phrases(): Promise<KnownPhrase[]>
  ownSpeech: OwnSpeech
  clock: Clock
  log: Logger
}

export interface Waking {
  service: WakeService
  /** What one person's sleeping conversation listens with. Throws `wake.off` and `model.missing`. */
  open(actor: Actor, signal: AbortSignal): Promise<WakeGuard>
  /** Throws what `open` would. */
  check(): Promise<void>
  /** Waking was switched off. Returns the end of the subscription. */
  onOff(listener: () => void): () => void
  close(): void
}

/** Waking by a phrase: what is listened for, who is listening, and what was heard until it is cleared. */
export function createWaking(deps: WakeServiceDeps): Waking {
  const { settings, clock, log } = deps
  const events = createHub<{ personId: string | null; event: WakeEvent }>((error) =>
    log.error("a listener of the wake word failed", { error }),
  )
  const off = createHub<null>((error) => log.error("a listener of the wake word failed", { error }))
  /** By person: nobody learns what another person's microphone heard. */
  const heard = new Map<string, { phrase: string; at: number }>()
  const listening = new Map<string, number>()
  const tell = (personId: string | null, event: WakeEvent): void => events.publish({ personId, event })

  const endSettings = settings.onChange(() => {
    tell(null, { type: "changed" })
    if (!settings.values().wakeEnabled) off.publish(null)
  })

  const chosen = async (): Promise<WakePhrase[]> => {
    const { wakePhrases } = settings.values()
    return (await deps.phrases()).flatMap(({ id, installed }) =>
      installed && wakePhrases.includes(id) ? [installed] : [],
    )
  }
  /** The reason why it cannot listen, as an error; null when it can. */
  const problem = async (): Promise<AppError | null> => {
    if (!(await deps.wakeWord()))
      return new AppError("model.missing", "The wake word's model is not installed.", {
        remedy: "Install it under Models: “openWakeWord features”.",
      })
    if (!(await deps.speechToText()))
      return new AppError("model.missing", "Listening needs the speech-to-text model, which is not installed.", {
        remedy: "Open Models to install it.",
      })
    if ((await chosen()).length === 0)
      return new AppError("model.missing", "No installed phrase is chosen.", { remedy: "Choose one in Settings." })
    return null
  }
  const check = async (): Promise<void> => {
    if (!settings.values().wakeEnabled)
      throw new AppError("wake.off", "The wake word is switched off.", { remedy: "Switch it on in Settings." })
    const found = await problem()
    if (found) throw found
  }

  const status = async (actor: Actor): Promise<WakeStatus> => {
    const { wakeEnabled, wakePhrases, wakeSensitivity } = settings.values()
    const known = await deps.phrases()
    const last = heard.get(actor.personId)
    const model = known.find(({ id, installed }) => installed && wakePhrases.includes(id))
    return {
      enabled: wakeEnabled,
      model: model?.id ?? null,
      detected: last !== undefined,
      phrase: last?.phrase ?? null,
      detected_at: last?.at ?? null,
      backend_active: (listening.get(actor.personId) ?? 0) > 0,
      phrases: known.map(({ id, phrase, licence, installed }) => ({
        id,
        phrase,
        licence,
        is_installed: installed !== null,
        is_chosen: wakePhrases.includes(id),
      })),
      sensitivity: wakeSensitivity,
      reason: (await problem())?.message ?? null,
    }
  }

  return {
    service: {
      status,
      async enable(actor, { enabled, model }) {
        if (model !== undefined) {
          const known = (await deps.phrases()).find(({ id }) => id === model)
          if (!known)
            throw new AppError("model.not-found", "There is no such wake phrase.", {
              remedy: "GET /wake/status lists them.",
            })
          if (!known.installed)
            throw new AppError("model.missing", `“${known.phrase}” is not installed.`, {
              remedy: `Run \`zenglow models pull ${known.id}\`.`,
            })
        }
        const phrases = model === undefined ? {} : { wakePhrases: [model] }
        await settings.change(actor, { wakeEnabled: enabled, ...phrases })
        return status(actor)
      },
      async clear(actor) {
        heard.delete(actor.personId)
        tell(actor.personId, { type: "changed" })
        return status(actor)
      },
      subscribe: (actor, listener) =>
        events.subscribe(({ personId, event }) => {
          if (personId === null || personId === actor.personId) listener(event)
        }),
    },
    check,
    async open(actor, signal) {
      await check()
      const [wakeWord, speechToText, phrases] = await Promise.all([deps.wakeWord(), deps.speechToText(), chosen()])
      if (!wakeWord || !speechToText) throw new AppError("model.missing", "The wake word's model is not installed.")
      const { personId } = actor
      const guard = await openWakeGuard(
        {
          wakeWord,
          phrases,
          speechToText,
          ownSpeech: deps.ownSpeech,
          sensitivity: () => settings.values().wakeSensitivity,
          onEvent(event) {
            if (event.type === "detected") heard.set(personId, { phrase: event.phrase, at: clock.now() })
            tell(personId, event)
          },
        },
        signal,
      )
      const count = (by: number): void => {
        listening.set(personId, (listening.get(personId) ?? 0) + by)
        tell(personId, { type: "changed" })
      }
      count(1)
      return {
        push: guard.push,
        async close() {
          count(-1)
          await guard.close()
        },
      }
    },
    onOff: (listener) => off.subscribe(listener),
    close: endSettings,
  }
}
