import type { Clock } from "#core/clock.ts"
import { systemClock } from "#core/clock.ts"
import { createPushQueue } from "#core/queue.ts"
import { samplesFromS16 } from "./samples.ts"
import type { AudioFrame, AudioSource } from "./types.ts"

export interface SocketSource {
  source: AudioSource
  /** One binary message: s16le mono and the client's own count. False when the queue was full and the samples were dropped. */
  push(bytes: Uint8Array, seq: number): boolean
  /** The key was released: frames already here are still delivered. */
  end(): void
  /** What was lost, in messages: by the network (gaps in the client's count) and by a full queue. */
  lost(): { missing: number; dropped: number }
}

export interface SocketSourceOptions {
  /** Rate the client sends. Default 16,000. */
  sampleRate?: number
  /** Messages kept while nobody reads; further ones are dropped, newest first. Default 1,500: half a minute of 20 ms messages. */
  capacity?: number
  clock?: Clock
}

/** A microphone at the far end of a socket. Read by one consumer. */
export function createSocketSource(options: SocketSourceOptions = {}): SocketSource {
  const { sampleRate = 16_000, capacity = 1500, clock = systemClock } = options
  const queue = createPushQueue<AudioFrame>(capacity)
  let nextSeq = 0
  let expected: number | undefined
  let missing = 0

  return {
    push(bytes, seq) {
      // A repeated or late message would be heard twice or out of order.
      if (expected !== undefined && seq < expected) return false
      if (expected !== undefined) missing += seq - expected
      expected = seq + 1
      const samples = samplesFromS16(bytes)
      if (samples.length === 0) return true
      const at = clock.monotonic() - (samples.length * 1000) / sampleRate
      const isKept = queue.push({ samples, sampleRate, seq: nextSeq, at })
      if (isKept) nextSeq++
      return isKept
    },
    end: () => queue.end(),
    lost: () => ({ missing, dropped: queue.dropped }),
    source: {
      async *frames(signal) {
        signal.throwIfAborted()
        const abort = () => queue.fail(signal.reason)
        signal.addEventListener("abort", abort, { once: true })
        try {
          yield* queue
        } finally {
          signal.removeEventListener("abort", abort)
        }
      },
    },
  }
}
