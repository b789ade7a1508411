import { createResampler, toInt16 } from "./resample.ts"

/** 30 ms at 16 kHz. */
const frameSamples = 480

/** Turns the microphone's blocks into 16 kHz frames of 30 ms with their level. */
class MicrophoneProcessor extends AudioWorkletProcessor {
  private readonly resample = createResampler(sampleRate, 16_000)
  private readonly frame = new Float32Array(frameSamples)
  private filled = 0

  process(inputs: Float32Array[][]): boolean {
    const block = inputs[0]?.[0]
    if (!block) return true
    for (const sample of this.resample(block)) {
      this.frame[this.filled++] = sample
      if (this.filled === frameSamples) this.send()
    }
    return true
  }

  private send(): void {
    let sum = 0
    for (const sample of this.frame) sum += sample * sample
    const samples = toInt16(this.frame)
    this.filled = 0
    this.port.postMessage({ samples, rms: Math.sqrt(sum / frameSamples) }, [samples.buffer])
  }
}

registerProcessor("zenglow-microphone", MicrophoneProcessor)
