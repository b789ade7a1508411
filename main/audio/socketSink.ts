import type { Clock } from "#core/clock.ts"
import { systemClock } from "#core/clock.ts"
import { createResampler, type Resampler } from "./resample.ts"
import { s16FromSamples } from "./samples.ts"
import type { AudioSink } from "./types.ts"

export interface SocketSinkOptions {
  /** Hands one message to the client: s16le mono at 24 kHz. `seq` counts from 0 without gaps. */
  send: (samples: Uint8Array, seq: number) => void
  /** Tells the client to drop what it has not played. */
  sendFlush?: () => void
  /** Default 24,000: what the window's player expects. */
  sampleRate?: number
  /** How far sending may run ahead of playing. Default 2,000 ms: enough for a network hiccup, little to throw away on barge-in. */
  aheadMs?: number
  clock?: Clock
  /** Waits; tests hold it. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface SocketSink extends AudioSink {
  /** The client's report of how much it has played since the beginning. Reports win over the clock. */
  reportPlayed(ms: number): void
}

const messageMs = 100

/**
 * A speaker at the far end of a socket. The client plays; this side sends at most two seconds ahead and takes the clock for what has been
 * played where the client does not report it.
 */
export function createSocketSink(options: SocketSinkOptions): SocketSink {
  const { send, sendFlush, sampleRate = 24_000, aheadMs = 2000, clock = systemClock, wait = waitFor } = options
  const messageSamples = (sampleRate * messageMs) / 1000
  let seq = 0
  let sentMs = 0
  /** Played by the clock: `baseMs` at `baseAt`, then one millisecond per millisecond up to what was sent. */
  let baseMs = 0
  let baseAt = 0
  let generation = 0
  let isClosed = false
  let resampler: { rate: number; filter: Resampler } | undefined

  const playedMs = (): number => Math.min(sentMs, baseMs + (clock.monotonic() - baseAt))

  const rebase = (ms: number): void => {
    baseMs = Math.min(sentMs, Math.max(0, ms))
    baseAt = clock.monotonic()
  }

  const sendMessages = async (samples: Float32Array, signal: AbortSignal): Promise<void> => {
    const mine = generation
    for (let at = 0; at < samples.length; at += messageSamples) {
      while (sentMs - playedMs() >= aheadMs) {
        await wait(sentMs - playedMs() - aheadMs + messageMs, signal)
        signal.throwIfAborted()
        if (mine !== generation || isClosed) return
      }
      // After silence the clock starts anew: a pause in the text is not played time.
      if (playedMs() >= sentMs) rebase(sentMs)
      const message = samples.subarray(at, at + messageSamples)
      send(s16FromSamples(message), seq++)
      sentMs += (message.length * 1000) / sampleRate
    }
  }

  const filterFor = async (rate: number): Promise<Resampler> => {
    if (resampler?.rate === rate) return resampler.filter
    await finishFilter(new AbortController().signal)
    const filter = await createResampler(rate, sampleRate)
    resampler = { rate, filter }
    return filter
  }

  const finishFilter = async (signal: AbortSignal): Promise<void> => {
    const ended = resampler
    resampler = undefined
    if (ended) await sendMessages(ended.filter.end(), signal)
  }

  return {
    sampleRate,
    async write(samples, rate, signal) {
      signal.throwIfAborted()
      if (isClosed) return
      const mine = generation
      const filter = await filterFor(rate)
      if (mine !== generation || isClosed) return
      await sendMessages(filter.push(samples), signal)
    },
    async drain(signal) {
      signal.throwIfAborted()
      const mine = generation
      await finishFilter(signal)
      while (mine === generation && !isClosed && playedMs() < sentMs) {
        await wait(sentMs - playedMs(), signal)
        signal.throwIfAborted()
      }
    },
    flush() {
      generation++
      const heard = playedMs()
      resampler?.filter.close()
      resampler = undefined
      sentMs = heard
      rebase(heard)
      sendFlush?.()
    },
    playedMs,
    reportPlayed: rebase,
    async close() {
      isClosed = true
      resampler?.filter.close()
      resampler = undefined
    },
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort)
      resolve()
    }, ms)
    signal.addEventListener("abort", abort, { once: true })
  })
}
