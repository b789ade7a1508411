/** Silence between sentences of one request. */
const pauseSeconds = 0.15

/** Clauses one after another, with a short silence between them. */
export function joinClauses(waves: readonly Float32Array[], sampleRate: number): Float32Array {
  const pause = Math.round(pauseSeconds * sampleRate)
  const length = waves.reduce((sum, wave) => sum + wave.length, 0) + pause * Math.max(0, waves.length - 1)
  const samples = new Float32Array(length)
  let at = 0
  for (const wave of waves) {
    samples.set(wave, at)
    at += wave.length + pause
  }
  return samples
}
