import { createSocketSink } from "#audio/socketSink.ts"
import { createSocketSource, type SocketSource } from "#audio/socketSource.ts"
import type { AudioSource } from "#audio/types.ts"
import type { VoiceChannel } from "#chat/runTurn.ts"
import type { TurnRequest } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import type { AudioExchange } from "#server/deps.ts"

/** Joins the audio frames of `/ws` with the turns that hear and speak them. */
export interface VoiceChannels {
  exchange: AudioExchange
  open(actor: Actor, turnId: string, request: TurnRequest): VoiceChannel
  /** A microphone that outlives turns. While it is attached, turns on its stream hear what `lend` gave them. */
  attach(actor: Actor, streamId: number): AttachedMicrophone
}

export interface AttachedMicrophone {
  source: AudioSource
  /** What the next turn on this stream hears. */
  lend(source: AudioSource): void
  detach(): void
}

/** @param count Adds to a counter: frames that the network lost, and frames that came while nobody read them. */
export function createVoiceChannels(log: Logger, count: (name: string, by: number) => void): VoiceChannels {
  const listening = new Map<string, SocketSource>()
  const speech = createHub<{ turnId: string; streamId: number; sequence: number; pcm: Uint8Array }>((error) =>
    log.error("a listener of speech failed", { error }),
  )
  const lent = new Map<string, AudioSource | null>()
  const keyOf = (actor: Actor, streamId: number): string => `${actor.personId}/${streamId}`

  return {
    exchange: {
      push: (actor, streamId, sequence, pcm) => listening.get(keyOf(actor, streamId))?.push(pcm, sequence) ?? false,
      // A client that is gone has released its key.
      end: (actor, streamId) => listening.get(keyOf(actor, streamId))?.end(),
      onSpeech: (listener) => speech.subscribe(listener),
    },
    open(actor, turnId, request) {
      const streamId = request.source?.streamId ?? 0
      const key = keyOf(actor, streamId)
      const source = createSocketSource()
      const borrowed = lent.get(key)
      if (request.source && borrowed === undefined) listening.set(key, source)
      const sink = createSocketSink({ send: (pcm, sequence) => speech.publish({ turnId, streamId, sequence, pcm }) })
      return {
        source: borrowed ?? source.source,
        sink,
        streamId,
        release: () => source.end(),
        heard: (playedMs) => sink.reportPlayed(playedMs),
        async close() {
          if (listening.get(key) === source) listening.delete(key)
          source.end()
          const { missing, dropped } = source.lost()
          count("audio_frames_missing", missing)
          count("audio_frames_dropped", dropped)
          await sink.close()
        },
      }
    },
    attach(actor, streamId) {
      const key = keyOf(actor, streamId)
      const microphone = createSocketSource()
      listening.set(key, microphone)
      lent.set(key, null)
      return {
        source: microphone.source,
        lend: (source) => lent.set(key, source),
        detach() {
          lent.delete(key)
          if (listening.get(key) === microphone) listening.delete(key)
          microphone.end()
        },
      }
    },
  }
}
