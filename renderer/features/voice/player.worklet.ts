/** 60 s at 24 kHz: an answer may arrive faster than it is heard. Doubles when that is not enough. */
const initialSamples = 24_000 * 60
/** Told to the window about every 40 ms. */
const reportEverySamples = 1024

/** A ring that plays what it is given, counts what was heard, and is empty at once when told to flush. */
class PlayerProcessor extends AudioWorkletProcessor {
  private ring = new Float32Array(initialSamples)
  private readAt = 0
  private length = 0
  private played = 0
  private sinceReport = 0

  constructor() {
    super()
    this.port.onmessage = (event: MessageEvent<{ type: "push"; samples: Int16Array } | { type: "flush" }>) => {
      if (event.data.type === "push") this.push(event.data.samples)
      else {
        this.length = 0
        this.played = 0
      }
    }
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0]
    if (!output) return true
    const count = Math.min(output.length, this.length)
    let sum = 0
    for (let index = 0; index < count; index++) {
      const sample = this.ring[this.readAt] ?? 0
      this.readAt = (this.readAt + 1) % this.ring.length
      output[index] = sample
      sum += sample * sample
    }
    this.length -= count
    this.played += count
    this.sinceReport += output.length
    if (this.sinceReport >= reportEverySamples) {
      this.sinceReport = 0
      this.port.postMessage({ played: this.played, buffered: this.length, rms: Math.sqrt(sum / output.length) })
    }
    return true
  }

  private push(samples: Int16Array): void {
    if (this.length + samples.length > this.ring.length) this.grow(this.length + samples.length)
    let writeAt = (this.readAt + this.length) % this.ring.length
    for (const sample of samples) {
      this.ring[writeAt] = sample / 32768
      writeAt = (writeAt + 1) % this.ring.length
    }
    this.length += samples.length
  }

  private grow(needed: number): void {
    const larger = new Float32Array(Math.max(needed, this.ring.length * 2))
    for (let index = 0; index < this.length; index++) {
      larger[index] = this.ring[(this.readAt + index) % this.ring.length] ?? 0
    }
    this.ring = larger
    this.readAt = 0
  }
}

registerProcessor("zenglow-player", PlayerProcessor)
