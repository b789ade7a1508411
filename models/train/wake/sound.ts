/** Rooms and noises, computed: nothing is recorded. */

const rate = 16_000

/** Another pitch and pace together, as another throat would: `factor` above 1 is higher. Straight lines between samples are enough for speech. */
export function resampled(samples: Float32Array, factor: number): Float32Array {
  const result = new Float32Array(Math.floor(samples.length / factor))
  for (let index = 0; index < result.length; index++) {
    const at = index * factor
    const left = Math.floor(at)
    const share = at - left
    result[index] = (samples[left] ?? 0) * (1 - share) + (samples[left + 1] ?? 0) * share
  }
  return result
}

/** As heard in a room of a random size at a random distance: the voice, a handful of walls, and a tail that dies away. */
export function inRoom(samples: Float32Array, random: () => number): Float32Array {
  const tailSeconds = 0.12 + random() * 0.5
  const direct = 0.35 + random() * 0.6
  const result = new Float32Array(samples.length)
  for (const [index, sample] of samples.entries()) result[index] = sample * direct
  const walls = 6 + Math.floor(random() * 8)
  for (let wall = 0; wall < walls; wall++) {
    const delay = Math.floor((0.002 + random() * 0.045) * rate)
    const gain = (0.1 + random() * 0.5) * Math.exp((-3 * delay) / rate / tailSeconds) * (random() < 0.5 ? -1 : 1)
    for (let index = delay; index < samples.length; index++)
      result[index] = (result[index] ?? 0) + gain * (samples[index - delay] ?? 0)
  }
  // Schroeder's reverberator: four combs side by side, one all-pass behind them.
  const tail = new Float32Array(samples.length)
  for (const comb of [0.0297, 0.0371, 0.0411, 0.0437]) {
    const delay = Math.floor(comb * rate * (0.8 + random() * 0.4))
    const feedback = 10 ** ((-3 * delay) / rate / tailSeconds)
    const line = new Float32Array(samples.length)
    for (let index = 0; index < samples.length; index++) {
      line[index] = (samples[index] ?? 0) + feedback * (line[index - delay] ?? 0)
      tail[index] = (tail[index] ?? 0) + 0.25 * (line[index - delay] ?? 0)
    }
  }
  const wet = 0.1 + random() * 0.5
  const delay = Math.floor(0.005 * rate)
  const passed = new Float32Array(samples.length)
  for (let index = 0; index < samples.length; index++) {
    passed[index] = -0.7 * (tail[index] ?? 0) + (tail[index - delay] ?? 0) + 0.7 * (passed[index - delay] ?? 0)
    result[index] = (result[index] ?? 0) + wet * (passed[index] ?? 0)
  }
  return result
}

export const noiseKinds = ["white", "pink", "brown", "hum", "clatter", "babble", "music"] as const
export type NoiseKind = (typeof noiseKinds)[number]

/** Noise of any loudness. */
export function noiseOf(kind: NoiseKind, length: number, random: () => number): Float32Array {
  const white = (): number => random() * 2 - 1
  const noise = new Float32Array(length)
  let low = 0
  let lower = 0
  const tones = Array.from({ length: 5 }, () => ({
    step: (2 * Math.PI * (80 + 900 * random() ** 2)) / rate,
    beat: (2 * Math.PI * (0.5 + 5 * random())) / rate,
  }))
  const hum = (2 * Math.PI * (random() < 0.5 ? 50 : 60)) / rate
  let clatter = 0
  for (let index = 0; index < length; index++) {
    const sample = white()
    switch (kind) {
      case "white":
        noise[index] = sample
        break
      case "pink":
        low = 0.97 * low + 0.03 * sample
        noise[index] = low * 3 + 0.1 * sample
        break
      case "brown":
        low = 0.995 * low + 0.005 * sample
        noise[index] = low
        break
      case "hum":
        noise[index] = Math.sin(hum * index) + 0.5 * Math.sin(3 * hum * index) + 0.2 * sample
        break
      case "clatter":
        if (random() < 4 / rate) clatter = 1
        clatter *= 0.997
        noise[index] = clatter * sample + 0.01 * sample
        break
      case "babble":
        low = 0.9 * low + 0.1 * sample
        lower = 0.9995 * lower + 0.0005 * white()
        noise[index] = low * (0.2 + Math.abs(60 * lower)) * (1 + Math.sin((tones[0]?.beat ?? 0) * index))
        break
      case "music":
        for (const { step, beat } of tones)
          noise[index] = (noise[index] ?? 0) + Math.sin(step * index) * (1 + Math.sin(beat * index))
        break
    }
  }
  return noise
}
