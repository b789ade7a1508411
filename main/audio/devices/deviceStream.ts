import { setTimeout as delay } from "node:timers/promises"
import { mixDown } from "../mixDown.ts"
import { createResampler, type Resampler } from "../resample.ts"
import { hearRate, playRate, type StreamEvent, type StreamPlan, type Tuning } from "./contract.ts"
import { createEchoPath, type EchoPath } from "./echoPath.ts"
import { type OpenDirection, openDirection, playQueueBlocks } from "./openDirection.ts"
import type { PortAudio } from "./portAudio.ts"
import { createSampleRing } from "./sampleRing.ts"

/** Devices that run: the audio child's only state. */
export interface DeviceStream {
  /** Until the signal aborts, or a device fails. */
  run(signal: AbortSignal): Promise<void>
  play(samples: Float32Array): void
  /** Returns the milliseconds that left for the device since the stream began. */
  flush(): number
  tune(tuning: Tuning): void
}

/** How long a device may take to close before the process that holds it has to go. */
const closeMs = 1000

/** Opens what the plan asks for. Events go to `emit` from `run` on. */
export async function openDeviceStream(
  plan: StreamPlan,
  portAudio: PortAudio,
  emit: (event: StreamEvent) => void,
): Promise<DeviceStream> {
  const { devices } = portAudio.list()
  const input = plan.input ? openDirection(portAudio, devices, "input", plan.input.id) : null
  const output = plan.output ? openDirection(portAudio, devices, "output", plan.output.id) : null
  const echo = input && output ? createEchoPath() : null
  let tuning = plan.tuning
  const lost = { overruns: 0, underruns: 0 }
  const player = output ? await createPlayer(output, { echo, tuning: () => tuning, lost, emit }) : null
  const hearing = input ? await createHearing(input, { echo, tuning: () => tuning, lost, emit }) : null

  return {
    async run(signal) {
      input?.io.start()
      output?.io.start()
      emit({
        type: "open",
        input: input?.opened ?? null,
        output: output?.opened ?? null,
        echo: echo ? "canceller" : "none",
      })
      try {
        // A device that is gone never answers: closing it is what ends the reads and writes that wait for it.
        await Promise.race([untilAborted(signal), Promise.all([player?.run(signal), hearing?.run(signal)])])
      } finally {
        const closing = [input, output].map((direction) => direction?.io.quit("ABORT"))
        await Promise.race([Promise.allSettled(closing), delay(closeMs, undefined, { ref: false })])
        player?.close()
        hearing?.close()
        echo?.close()
      }
    },
    play: (samples) => player?.play(samples),
    flush: () => player?.flush() ?? 0,
    tune(changed) {
      tuning = changed
    },
  }
}

interface Shared {
  echo: EchoPath | null
  tuning(): Tuning
  lost: { overruns: number; underruns: number }
  emit(event: StreamEvent): void
}

/** Feeds the loudspeaker without a gap: PortAudio's thread waits for whoever writes late. */
async function createPlayer({ io, opened, blockFrames }: OpenDirection, { echo, tuning, lost, emit }: Shared) {
  const waiting = createSampleRing()
  const filter: Resampler = await createResampler(playRate, opened.sampleRate)
  await echo?.play(new Float32Array(), opened.sampleRate)
  const block = new Float32Array(blockFrames)
  /** Taken in, less what was dropped. */
  let takenMs = 0
  let volume = tuning().volume
  const queuedMs = (): number => (waiting.length * 1000) / opened.sampleRate
  const playedMs = (): number => {
    const queued = queuedMs()
    // Ten milliseconds a block lie between us and the device while there is more to come.
    return queued === 0 ? takenMs : Math.max(0, takenMs - queued - playQueueBlocks * 10)
  }
  return {
    play(samples: Float32Array) {
      takenMs += (samples.length * 1000) / playRate
      waiting.write(filter.push(samples))
    },
    flush() {
      takenMs = playedMs()
      waiting.clear()
      return takenMs
    },
    close: () => filter.close(),
    async run(signal: AbortSignal) {
      let blocks = 0
      let wasPlaying = false
      while (!signal.aborted) {
        const count = waiting.read(block)
        const target = tuning().volume
        for (let at = 0; at < blockFrames; at++)
          // A step would click.
          block[at] = (block[at] as number) * (volume + ((target - volume) * at) / blockFrames)
        volume = target
        await echo?.play(block, opened.sampleRate)
        const problem = await io.write(interleave(block, opened.channels))
        if (problem && /underflow/.test(problem)) {
          lost.underruns++
          echo?.slipped()
        }
        blocks++
        const isPlaying = count > 0
        if ((isPlaying && blocks % 5 === 0) || (wasPlaying && !isPlaying))
          emit({ type: "played", ms: playedMs(), queuedMs: queuedMs() })
        wasPlaying = isPlaying
        if (blocks % 100 === 0) report(lost, emit)
      }
    },
  }
}

/** Reads the microphone in pieces of 20 ms: gain, one channel, 16 kHz, without the echo. */
async function createHearing({ io, opened, blockFrames }: OpenDirection, { echo, tuning, lost, emit }: Shared) {
  const filter = await createResampler(opened.sampleRate, hearRate)
  const bytes = 2 * blockFrames * opened.channels * 4
  return {
    close: () => filter.close(),
    async run(signal: AbortSignal) {
      let reads = 0
      while (!signal.aborted) {
        const { buf, err, finished } = await io.read(bytes)
        if (finished) return
        if (err && /overflow/.test(err)) {
          lost.overruns++
          echo?.slipped()
        }
        const { gain, isMicrophoneMuted } = tuning()
        // What was lost keeps its time: the loudspeaker's echo would otherwise come early from here on.
        const heard = buf ? monoOf(buf, opened.channels) : new Float32Array(2 * blockFrames)
        const factor = isMicrophoneMuted ? 0 : gain
        if (factor !== 1)
          for (let at = 0; at < heard.length; at++)
            heard[at] = Math.max(-1, Math.min(1, (heard[at] as number) * factor))
        const samples = filter.push(heard)
        const clean = echo ? echo.hear(samples) : samples
        if (clean.length > 0) emit({ type: "frames", samples: clean.slice() })
        if (++reads % 50 === 0) report(lost, emit)
      }
    },
  }
}

function report(lost: Shared["lost"], emit: (event: StreamEvent) => void): void {
  const { overruns, underruns } = lost
  if (overruns + underruns === 0) return
  lost.overruns = 0
  lost.underruns = 0
  emit({ type: "lost", overruns, underruns })
}

function interleave(samples: Float32Array, channels: number): Buffer {
  const bytes = new Float32Array(samples.length * channels)
  for (let at = 0; at < samples.length; at++)
    for (let channel = 0; channel < Math.min(2, channels); channel++)
      bytes[at * channels + channel] = samples[at] as number
  return Buffer.from(bytes.buffer)
}

function monoOf(bytes: Uint8Array, channels: number): Float32Array {
  // A copy, because the buffer's offset need not be a multiple of four.
  const samples = new Float32Array(bytes.slice().buffer)
  if (channels === 1) return samples
  return mixDown(
    Array.from({ length: channels }, (_, channel) =>
      Float32Array.from({ length: samples.length / channels }, (_, at) => samples[at * channels + channel] as number),
    ),
  )
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })
}
