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

/** A tune over chords and a beat: what a radio in the room may play. */
export function music(seconds: number, sampleRate: number): Float32Array {
  const melody = [392, 440, 494, 523, 587, 523, 494, 440]
  const chords = [
    [196, 247, 294],
    [262, 330, 392],
    [220, 262, 330],
    [294, 370, 440],
  ]
  const hiss = noise(seconds, sampleRate, 1)
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, index) => {
    const time = index / sampleRate
    const inBeat = time % 0.5
    const voice = (hertz: number): number =>
      Math.sin(2 * Math.PI * hertz * time) + 0.4 * Math.sin(4 * Math.PI * hertz * time)
    const note = voice(melody[Math.floor(time * 4) % melody.length] as number) * Math.exp(-(time % 0.25) * 6)
    const chord = (chords[Math.floor(time / 2) % chords.length] as number[]).reduce(
      (sum, hertz) => sum + voice(hertz),
      0,
    )
    const beat = (hiss[index] as number) * Math.exp(-inBeat * 40)
    return 0.16 * note + 0.05 * chord + 0.2 * beat
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
