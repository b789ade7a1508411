import type { Clock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createResampler, type Resampler } from "../resample.ts"
import type { AudioSink } from "../types.ts"
import { type AudioHostContract, playRate } from "./contract.ts"

/** A loudspeaker of the machine. What it was given and has not played yet moves on to the device that takes over. */
export interface DeviceSink extends AudioSink {
  /** A device runs: it gets what is waiting. */
  attach(): void
  /** None runs any more. */
  detach(): void
  /** The device's report since it was attached. */
  played(ms: number): void
  /** A device was given sound and has played none for so long. */
  isStuck(): boolean
}

export interface DeviceSinkDeps {
  client: Pick<EngineClient<AudioHostContract>, "request">
  clock: Clock
  /** Ends with the channel. */
  signal: AbortSignal
  /** How long a word may wait for a device before there is none. Default 4,000 ms. */
  patienceMs?: number
}

/** How far handing over may run ahead of playing: enough for a slow moment, little to throw away. */
const aheadMs = 600
const pieceSamples = playRate / 10

export function createDeviceSink({ client, clock, signal, patienceMs = 4000 }: DeviceSinkDeps): DeviceSink {
  /** Handed over and not played yet, oldest first. */
  let waiting: Float32Array[] = []
  let sentMs = 0
  /** Played by devices that are gone, and by the present one. */
  let earlierMs = 0
  let presentMs = 0
  let isAttached = false
  let isClosed = false
  /** When a device last took something, came, or went. */
  let progressAt = clock.monotonic()
  let generation = 0
  let resampler: { rate: number; filter: Resampler } | undefined
  const wakers = new Set<() => void>()

  const playedMs = (): number => Math.min(sentMs, earlierMs + presentMs)
  const wake = (): void => {
    for (const waker of [...wakers]) waker()
  }
  const hand = (samples: Float32Array): void => {
    if (isAttached) client.request("play", { samples }, { signal }).catch(() => undefined)
  }
  const forget = (): void => {
    let kept = sentMs - playedMs()
    let from = waiting.length
    while (from > 0 && kept > 0) kept -= ((waiting[--from] as Float32Array).length * 1000) / playRate
    waiting = waiting.slice(from)
  }

  /** Until something was played, a device came or went, or a moment passed. */
  const change = (until: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        wakers.delete(done)
        until.removeEventListener("abort", aborted)
        act()
      }
      const done = (): void => settle(resolve)
      const aborted = (): void => settle(() => reject(until.reason))
      const timer = setTimeout(done, 250)
      wakers.add(done)
      until.addEventListener("abort", aborted, { once: true })
    })
  const isStuck = (): boolean => sentMs - playedMs() > 1 && clock.monotonic() - progressAt >= patienceMs
  const checkDevice = (): void => {
    if (isClosed || !isStuck()) return
    throw new AppError("audio.no-device", isAttached ? "The loudspeaker takes no sound." : "There is no loudspeaker.", {
      remedy: "Connect one, or choose another in Settings, Sound.",
    })
  }

  const send = async (samples: Float32Array, until: AbortSignal): Promise<void> => {
    const mine = generation
    for (let at = 0; at < samples.length; at += pieceSamples) {
      while (sentMs - playedMs() >= aheadMs) {
        checkDevice()
        await change(until)
        if (mine !== generation || isClosed) return
      }
      const piece = samples.slice(at, at + pieceSamples)
      if (sentMs - playedMs() <= 1) progressAt = clock.monotonic()
      waiting.push(piece)
      sentMs += (piece.length * 1000) / playRate
      hand(piece)
    }
  }
  const finish = async (until: AbortSignal): Promise<void> => {
    const ended = resampler
    resampler = undefined
    if (ended) await send(ended.filter.end(), until)
  }

  return {
    sampleRate: playRate,
    async write(samples, rate, until) {
      until.throwIfAborted()
      if (isClosed) return
      const mine = generation
      if (resampler?.rate !== rate) {
        await finish(until)
        resampler = { rate, filter: await createResampler(rate, playRate) }
      }
      if (mine === generation && !isClosed) await send(resampler.filter.push(samples), until)
    },
    async drain(until) {
      until.throwIfAborted()
      const mine = generation
      await finish(until)
      while (mine === generation && !isClosed && sentMs - playedMs() > 1) {
        checkDevice()
        await change(until)
      }
    },
    flush() {
      generation++
      resampler?.filter.close()
      resampler = undefined
      sentMs = playedMs()
      waiting = []
      const base = sentMs
      const mine = generation
      if (isAttached)
        client.request("flush", null, { signal }).then(
          // The device counts on from here: what it let out after the last report belongs to what was dropped.
          ({ playedMs: ms }) => {
            if (mine === generation) earlierMs = base - ms
          },
          () => undefined,
        )
      wake()
    },
    playedMs,
    async close() {
      isClosed = true
      resampler?.filter.close()
      resampler = undefined
      wake()
    },
    attach() {
      isAttached = true
      progressAt = clock.monotonic()
      presentMs = 0
      for (const samples of waiting) hand(samples)
    },
    detach() {
      if (!isAttached) return
      isAttached = false
      progressAt = clock.monotonic()
      // What was cut is said again from the start of its piece, a tenth of a second at most.
      forget()
      earlierMs = sentMs - waiting.reduce((sum, { length }) => sum + (length * 1000) / playRate, 0)
      presentMs = 0
      wake()
    },
    isStuck: () => isAttached && isStuck(),
    played(ms) {
      if (ms > presentMs) progressAt = clock.monotonic()
      presentMs = ms
      forget()
      wake()
    },
  }
}
