import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import { createPushQueue } from "#core/queue.ts"
import { type Level, level } from "../level.ts"
import type { AudioFrame, AudioSink, AudioSource } from "../types.ts"
import type { AudioHostContract, EchoGuard, OpenedDevice, StreamEvent, StreamPlan, Tuning } from "./contract.ts"
import { hearRate } from "./contract.ts"
import { createDeviceSink, type DeviceSink } from "./deviceSink.ts"

/** What runs now, and what is wrong. */
export interface ChannelStatus {
  /** Null: none is open. */
  input: OpenedDevice | null
  output: OpenedDevice | null
  echo: EchoGuard
  /** Why a device is not open, or not the chosen one. */
  problem: { code: string; message: string; remedy?: string } | null
}

/** A microphone and a loudspeaker that outlive their devices: when one is unplugged, another takes over. */
export interface DeviceChannel {
  /** 16 kHz mono, read by one consumer. Silence comes while there is no device. Ends with the channel. */
  source: AudioSource
  sink: AudioSink
  /** Lowers what is played while somebody talks over it. */
  duck(isDucked: boolean): void
  status(): ChannelStatus
  onStatus(listener: (status: ChannelStatus) => void): () => void
  /** Loudness of the microphone, about 20 times a second. */
  onLevel(listener: (level: Level) => void): () => void
  close(): Promise<void>
}

export interface DeviceChannelDeps {
  client: EngineClient<AudioHostContract>
  /** Which devices to open now: called for every opening. `avoid` failed a moment ago. */
  choose(avoid: ReadonlySet<string>): Promise<{ plan: Omit<StreamPlan, "tuning">; problem: ChannelStatus["problem"] }>
  tuning(): Tuning
  /** The devices, the selection or the tuning changed. */
  onChange(listener: (change: "plan" | "tuning") => void): () => void
  /** Adds to a counter of the metrics. */
  count(name: string, by: number): void
  clock: Clock
  log: Logger
}

/** Share of the volume that is left while somebody talks over it. */
const duckedShare = 0.2
/** A microphone that brings nothing for this long is gone. The first sound may take longer. */
const stallMs = 1500
const firstFrameMs = 6000
/** Between two tries while nothing can be opened. */
const retryMs = 1000
const silenceMs = 20
const framesKept = 1500

const gone = (message: string, device: OpenedDevice | null): AppError =>
  new AppError("audio.no-device", message, {
    remedy: "Check its plug, or choose another in Settings, Sound.",
    ...(device ? { details: { id: device.id } } : {}),
  })

/** The device that failed, where the error names one. */
function culpritOf(error: unknown): string | null {
  const details = error instanceof AppError ? error.details : null
  return details && typeof details === "object" && "id" in details ? String(details.id) : null
}

export function openDeviceChannel(deps: DeviceChannelDeps): DeviceChannel {
  const { client, clock, log } = deps
  const closing = new AbortController()
  const failed = (error: unknown): void => log.error("a listener of devices failed", { error })
  const statuses = createHub<ChannelStatus>(failed)
  const levels = createHub<Level>(failed)
  const frames = createPushQueue<AudioFrame>(framesKept)
  const sink: DeviceSink = createDeviceSink({ client, clock, signal: closing.signal })
  let status: ChannelStatus = { input: null, output: null, echo: "none", problem: null }
  let seq = 0
  let isDucked = false
  let replan: (() => void) | null = null

  const tell = (changes: Partial<ChannelStatus>): void => {
    status = { ...status, ...changes }
    statuses.publish(status)
  }
  const tuning = (): Tuning => {
    const chosen = deps.tuning()
    return isDucked ? { ...chosen, volume: chosen.volume * duckedShare } : chosen
  }
  const tune = (): void => {
    if (status.input || status.output)
      client.request("tune", tuning(), { signal: closing.signal }).catch(() => undefined)
  }
  const hear = (samples: Float32Array): void => {
    const at = clock.monotonic() - (samples.length * 1000) / hearRate
    if (!frames.push({ samples, sampleRate: hearRate, seq: seq++, at })) deps.count("audio.frames-dropped", 1)
    levels.publish(level(samples))
  }

  /** One opening, until it is replaced, fails or the channel closes. */
  const runOnce = async (plan: Omit<StreamPlan, "tuning">, problem: ChannelStatus["problem"]): Promise<void> => {
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, closing.signal])
    let lastFrameAt = clock.monotonic() + firstFrameMs - stallMs
    replan = () => over.abort(new DOMException("Other devices are to be opened.", "AbortError"))
    const watchdog = setInterval(() => {
      if (plan.input && clock.monotonic() - lastFrameAt > stallMs)
        over.abort(gone("The microphone brings nothing.", status.input))
      else if (sink.isStuck()) over.abort(gone("The loudspeaker takes no sound.", status.output))
    }, 250)
    const onEvent = (event: StreamEvent): void => {
      if (event.type === "open") {
        const { input, output, echo } = event
        tell({ input, output, echo, problem })
        if (output) sink.attach()
      } else if (event.type === "frames") {
        lastFrameAt = clock.monotonic()
        hear(event.samples)
      } else if (event.type === "played") sink.played(event.ms)
      else {
        deps.count("audio.overruns", event.overruns)
        deps.count("audio.underruns", event.underruns)
      }
    }
    try {
      await client.request("run", { ...plan, tuning: tuning() }, { signal, onEvent })
    } finally {
      clearInterval(watchdog)
      replan = null
      sink.detach()
      // PortAudio sees new devices, and forgets broken ones, only in a new process.
      await client.stop()
    }
  }

  const run = async (): Promise<void> => {
    const avoid = new Set<string>()
    while (!closing.signal.aborted) {
      const stopSilence = beSilent()
      try {
        const { plan, problem } = await deps.choose(avoid)
        if (!plan.input && !plan.output) {
          tell({ input: null, output: null, echo: "none", problem })
          await pause()
          avoid.clear()
          continue
        }
        stopSilence.whenOpen(statuses.subscribe)
        await runOnce(plan, problem)
      } catch (error) {
        if (closing.signal.aborted) break
        if (error instanceof DOMException) {
          avoid.clear()
          continue
        }
        log.warn("sound devices are opened again", { error })
        tell({ input: null, output: null, echo: "none", problem: errorInfo(error) })
        const culprit = culpritOf(error)
        if (culprit && !avoid.has(culprit)) avoid.add(culprit)
        else await pause()
      } finally {
        stopSilence.stop()
      }
    }
  }

  /** A turn that listens when its microphone goes hears silence, and ends as after a last word. */
  const beSilent = () => {
    let unsubscribe = (): void => undefined
    const timer = setInterval(() => hear(new Float32Array((hearRate * silenceMs) / 1000)), silenceMs)
    const stop = (): void => {
      clearInterval(timer)
      unsubscribe()
    }
    return {
      stop,
      whenOpen(subscribe: (listener: (now: ChannelStatus) => void) => () => void) {
        unsubscribe = subscribe(({ input }) => {
          if (input) stop()
        })
      },
    }
  }
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        replan = null
        closing.signal.removeEventListener("abort", done)
        resolve()
      }
      const timer = setTimeout(done, retryMs)
      replan = done
      closing.signal.addEventListener("abort", done, { once: true })
    })

  const unsubscribe = deps.onChange((change) => (change === "tuning" ? tune() : replan?.()))
  const done = run()
  return {
    source: {
      async *frames(signal) {
        signal.throwIfAborted()
        const abort = (): void => frames.fail(signal.reason)
        signal.addEventListener("abort", abort, { once: true })
        try {
          yield* frames
        } finally {
          signal.removeEventListener("abort", abort)
        }
      },
    },
    sink,
    duck(next) {
      if (next === isDucked) return
      isDucked = next
      tune()
    },
    status: () => status,
    onStatus: statuses.subscribe,
    onLevel: levels.subscribe,
    async close() {
      unsubscribe()
      closing.abort(new DOMException("The devices were let go.", "AbortError"))
      frames.end()
      await done
      await sink.close()
    },
  }
}
