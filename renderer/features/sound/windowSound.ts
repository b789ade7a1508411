import type { DeviceCheckEvent } from "#contract/devices.ts"
import { MicrophoneError, openMicrophone } from "../voice/microphone.ts"
import { loudspeakerId, openOutput } from "../voice/output.ts"
import { useVoice } from "../voice/voiceStore.ts"
import { strings } from "./strings.ts"

const rate = 16_000

/** Two soft notes through the window's loudspeaker. */
export async function playWindowTone(): Promise<void> {
  const length = 24_000
  const note = (hertz: number, since: number): number =>
    since < 0 ? 0 : Math.sin(2 * Math.PI * hertz * since) * Math.exp(-since * 5) * Math.min(1, since * 200)
  const samples = Float32Array.from(
    { length },
    (_, at) => 0.35 * (note(523.25, at / length) + note(659.25, at / length - 0.4)),
  )
  await play(samples, length)
}

/** Records the window's microphone and plays it back, with the events of the machine's own check. */
export async function* checkWindow(seconds: number): AsyncGenerator<DeviceCheckEvent> {
  const parts: Float32Array[] = []
  let length = 0
  let wake = (): void => undefined
  const microphone = await openMicrophone(useVoice.getState().inputId, (frame) => {
    parts.push(Float32Array.from(frame, (value) => value / 32_768))
    length += frame.length
    wake()
  }).catch((error: unknown) => {
    throw error instanceof MicrophoneError && error.problem === "denied" ? new Error(strings.denied) : error
  })
  const measure = (samples: Float32Array) => {
    const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / Math.max(1, samples.length))
    return { rms, peak: samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0) }
  }
  try {
    let told = 0
    while (length < seconds * rate) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      for (; told < parts.length; told++) yield { type: "level", ...measure(parts[told] as Float32Array) }
    }
  } finally {
    microphone.close()
  }
  const whole = new Float32Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  yield { type: "playing" }
  await play(whole, rate)
  const { rms, peak } = measure(whole)
  const verdict = peak > 0.99 ? "clipped" : rms < 1e-4 ? "silent" : peak < 0.03 ? "quiet" : "good"
  yield { type: "done", input: null, output: loudspeakerId(), seconds, rms, peak, verdict }
}

async function play(samples: Float32Array<ArrayBuffer>, sampleRate: number): Promise<void> {
  const context = await openOutput({})
  const buffer = context.createBuffer(1, samples.length, sampleRate)
  buffer.copyToChannel(samples, 0)
  const source = context.createBufferSource()
  source.buffer = buffer
  source.connect(context.destination)
  await new Promise<void>((resolve) => {
    source.onended = () => resolve()
    source.start()
  })
  await context.close()
}
