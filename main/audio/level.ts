export interface Level {
  /** Root mean square, 0..1. A full-scale sine has .707. */
  rms: number
  /** Largest absolute sample. */
  peak: number
}

/** Loudness of one frame, for meters and silence checks. No samples: zero. */
export function level(samples: Float32Array): Level {
  let sum = 0
  let peak = 0
  for (const sample of samples) {
    sum += sample * sample
    const size = Math.abs(sample)
    if (size > peak) peak = size
  }
  return { rms: samples.length === 0 ? 0 : Math.sqrt(sum / samples.length), peak }
}

/** Decibels relative to full scale; silence is −Infinity. */
export const decibels = (amplitude: number): number => 20 * Math.log10(amplitude)
