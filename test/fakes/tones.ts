/** A sine at half of full scale. */
export function tone(seconds: number, sampleRate: number, hertz = 440, amplitude = 0.5): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, index) => amplitude * Math.sin((2 * Math.PI * hertz * index) / sampleRate),
  )
}

/** A tone that glides upwards: unlike a steady one it fits itself at one shift only. */
export function sweep(seconds: number, sampleRate: number): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, index) => {
    const time = index / sampleRate
    return 0.5 * Math.sin(2 * Math.PI * (200 * time + (600 * time * time) / seconds))
  })
}

/** White noise that is the same in every run. */
export function noise(seconds: number, sampleRate: number, amplitude = 0.1): Float32Array {
  let state = 12_345
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return amplitude * (state / 2 ** 31 - 1)
  })
}

/** Likeness of two recordings at their best shift of up to `reach` samples: 1 is equal up to loudness. */
export function likeness(a: Float32Array, b: Float32Array, reach: number): { value: number; shift: number } {
  let best = { value: -1, shift: 0 }
  const from = Math.floor(a.length * 0.2)
  const to = Math.floor(a.length * 0.8)
  for (let shift = -reach; shift <= reach; shift++) {
    let product = 0
    let left = 0
    let right = 0
    for (let index = from; index < to; index += 5) {
      const x = a[index] ?? 0
      const y = b[index + shift] ?? 0
      product += x * y
      left += x * x
      right += y * y
    }
    const value = product / Math.sqrt(left * right + 1e-12)
    if (value > best.value) best = { value, shift }
  }
  return best
}
