/** Mono samples, −1..1. `at` is monotonic milliseconds of the first sample; `seq` counts frames without gaps. */
export interface AudioFrame {
  samples: Float32Array
  sampleRate: number
  seq: number
  at: number
}

/** Frames until the source ends or the signal aborts. A microphone ends when its key is released. */
export interface AudioSource {
  frames(signal: AbortSignal): AsyncIterable<AudioFrame>
}

/** Where speech goes: the window's speaker, a device, or a file. */
export interface AudioSink {
  readonly sampleRate: number
  /** Resolves once the samples are accepted; waits while the ring is full. Samples are resampled to the sink's rate. */
  write(samples: Float32Array, sampleRate: number, signal: AbortSignal): Promise<void>
  /** Resolves when everything written has been played. */
  drain(signal: AbortSignal): Promise<void>
  /** Drops what has not been played, at once. */
  flush(): void
  /** Milliseconds played so far, as well as the sink knows. */
  playedMs(): number
  close(): Promise<void>
}
