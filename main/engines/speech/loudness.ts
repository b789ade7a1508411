/** Loudness every voice is brought to: root mean square of its sounding parts, −20 dBFS. */
const targetRms = 0.1
const peakLimit = 0.95
const windowSamples = 480
/** Windows below this share of the loudest one are pauses. */
const pauseShare = 0.1
const gainLimit = 8

/** Scales samples in place to the common loudness without clipping. Silence stays silence. */
export function normalizeLoudness(samples: Float32Array): void {
  const powers: number[] = []
  let peak = 0
  for (let start = 0; start < samples.length; start += windowSamples) {
    let sum = 0
    const end = Math.min(samples.length, start + windowSamples)
    for (let index = start; index < end; index++) {
      const value = samples[index] as number
      sum += value * value
      peak = Math.max(peak, Math.abs(value))
    }
    powers.push(sum / (end - start))
  }
  const loudest = powers.reduce((highest, power) => Math.max(highest, power), 0)
  if (loudest < 1e-8) return
  const sounding = powers.filter((power) => power >= loudest * pauseShare * pauseShare)
  const rms = Math.sqrt(sounding.reduce((sum, power) => sum + power, 0) / sounding.length)
  const gain = Math.min(targetRms / rms, peakLimit / peak, gainLimit)
  for (let index = 0; index < samples.length; index++) samples[index] = (samples[index] as number) * gain
}
