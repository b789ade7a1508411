import type { AudioDevices } from "#audio/devices/audioDevices.ts"
import type { DeviceChannel } from "#audio/devices/deviceChannel.ts"
import { createSocketSink } from "#audio/socketSink.ts"
import { createSocketSource, type SocketSource } from "#audio/socketSource.ts"
import type { AudioSource } from "#audio/types.ts"
import type { VoiceChannel } from "#chat/runTurn.ts"
import type { SoundStatus } from "#contract/devices.ts"
import type { TurnRequest } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import type { AudioExchange } from "#server/deps.ts"

type VoiceSource = NonNullable<TurnRequest["source"]>

/** Joins sound with the turns that hear and speak it: the frames of `/ws`, or the machine's own devices. */
export interface VoiceChannels {
  exchange: AudioExchange
  /** Throws `audio.device-busy` where another conversation has the machine's devices. */
  open(actor: Actor, turnId: string, request: TurnRequest): VoiceChannel
  /** A microphone that outlives turns. While it is attached, turns on its source hear what `lend` gave them. */
  attach(actor: Actor, source: VoiceSource): AttachedMicrophone
}

export interface AttachedMicrophone {
  source: AudioSource
  /** What the next turn on this source hears. */
  lend(source: AudioSource): void
  /** Somebody talks over what is played here, or not any more. Windows lower their own. */
  duck(isDucked: boolean): void
  /** Hears of the machine's devices. Null: it is no such microphone. */
  onStatus: ((listener: (status: SoundStatus) => void) => () => void) | null
  detach(): Promise<void>
}

export interface VoiceChannelsDeps {
  devices: Pick<AudioDevices, "open">
  log: Logger
  /** Adds to a counter: frames that the network lost, and frames that came while nobody read them. */
  count(name: string, by: number): void
}

export function createVoiceChannels({ devices, log, count }: VoiceChannelsDeps): VoiceChannels {
  const listening = new Map<string, SocketSource>()
  const speech = createHub<{ turnId: string; streamId: number; sequence: number; pcm: Uint8Array }>((error) =>
    log.error("a listener of speech failed", { error }),
  )
  const lent = new Map<string, { source: AudioSource | null; device: DeviceChannel | null }>()
  const keyOf = (actor: Actor, source: VoiceSource): string =>
    `${actor.personId}/${source.type === "socket" ? source.streamId : "device"}`

  return {
    exchange: {
      push: (actor, streamId, sequence, pcm) =>
        listening.get(keyOf(actor, { type: "socket", streamId }))?.push(pcm, sequence) ?? false,
      // A client that is gone has released its key.
      end: (actor, streamId) => listening.get(keyOf(actor, { type: "socket", streamId }))?.end(),
      onSpeech: (listener) => speech.subscribe(listener),
    },
    open(actor, turnId, request) {
      const requested = request.source ?? { type: "socket", streamId: 0 }
      const key = keyOf(actor, requested)
      const borrowed = lent.get(key)
      if (requested.type === "device") {
        if (borrowed?.source && borrowed.device) return onLentDevice(borrowed.source, borrowed.device)
        return onDevice(devices.open())
      }
      const { streamId } = requested
      const source = createSocketSource()
      if (request.source && !borrowed) listening.set(key, source)
      const sink = createSocketSink({ send: (pcm, sequence) => speech.publish({ turnId, streamId, sequence, pcm }) })
      return {
        source: borrowed?.source ?? source.source,
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
    attach(actor, wanted) {
      const key = keyOf(actor, wanted)
      if (wanted.type === "device") {
        const device = devices.open()
        lent.set(key, { source: null, device })
        return {
          source: device.source,
          lend: (source) => lent.set(key, { source, device }),
          duck: device.duck,
          onStatus: device.onStatus,
          async detach() {
            lent.delete(key)
            await device.close()
          },
        }
      }
      const microphone = createSocketSource()
      listening.set(key, microphone)
      lent.set(key, { source: null, device: null })
      return {
        source: microphone.source,
        lend: (source) => lent.set(key, { source, device: null }),
        duck: () => undefined,
        onStatus: null,
        async detach() {
          lent.delete(key)
          if (listening.get(key) === microphone) listening.delete(key)
          microphone.end()
        },
      }
    },
  }
}

/** One turn of a conversation that has the devices already. */
function onLentDevice(source: AudioSource, device: DeviceChannel): VoiceChannel {
  return {
    source,
    sink: device.sink,
    streamId: null,
    release: () => undefined,
    heard: () => undefined,
    close: async () => undefined,
  }
}

/** A turn of its own, from key to answer: the microphone is closed with the key, the loudspeaker with the turn. */
function onDevice(device: DeviceChannel): VoiceChannel {
  const released = new AbortController()
  return {
    source: {
      async *frames(signal) {
        try {
          yield* device.source.frames(AbortSignal.any([signal, released.signal]))
        } catch (error) {
          if (signal.aborted || !released.signal.aborted) throw error
        }
      },
    },
    sink: device.sink,
    streamId: null,
    release: () => released.abort(),
    heard: () => undefined,
    async close() {
      released.abort()
      await device.close()
    },
  }
}
