/** What a microphone gets of a loudspeaker: 90 ms later, off the walls of a small room. */
export interface Room {
  /** What is heard while these samples are played: as many, at 16 kHz. */
  hear(played: Float32Array): Float32Array
}

const taps = Array.from({ length: 40 }, (_, index) => ({
  delay: 1440 + index * 37 + (index % 7) * 11,
  weight: (index % 2 === 0 ? 1 : -0.7) * Math.exp(-index / 9),
}))
const loudness = Math.sqrt(taps.reduce((sum, { weight }) => sum + weight * weight, 0))
const longest = Math.max(...taps.map(({ delay }) => delay))

/** @param gain Loudness at the microphone over loudness at the loudspeaker: .5 is -6 dB. */
export function createRoom(gain: number): Room {
  let past = new Float32Array(longest)
  return {
    hear(played) {
      const all = new Float32Array(longest + played.length)
      all.set(past)
      all.set(played, longest)
      past = all.slice(played.length)
      const heard = new Float32Array(played.length)
      for (const { delay, weight } of taps) {
        const share = (weight * gain) / loudness
        const from = longest - delay
        for (let at = 0; at < heard.length; at++) heard[at] = (heard[at] as number) + share * (all[from + at] as number)
      }
      return heard
    },
  }
}
