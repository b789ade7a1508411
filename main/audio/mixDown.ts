/** Order of the channels in a file: WAV and FLAC, or Vorbis and Opus. */
export type ChannelOrder = "wav" | "vorbis"

const center = 1
const front = Math.SQRT1_2
const surround = 0.5

/** Weights of 5.1 after ITU-R BS.775; the low-frequency channel is left out. */
const sixChannels: Record<ChannelOrder, readonly number[]> = {
  wav: [front, front, center, 0, surround, surround],
  vorbis: [front, center, front, surround, surround, 0],
}

/** One channel out of any number. Loudness stays; 5.1 is weighted for speech in its centre. */
export function mixDown(channels: readonly Float32Array[], order: ChannelOrder = "wav"): Float32Array {
  const [first] = channels
  if (!first) return new Float32Array()
  if (channels.length === 1) return first
  const weights = channelWeights(channels.length, order)
  const mono = new Float32Array(first.length)
  channels.forEach((channel, index) => {
    const weight = weights[index] as number
    if (weight === 0) return
    for (let at = 0; at < mono.length; at++) mono[at] = (mono[at] as number) + weight * (channel[at] as number)
  })
  return mono
}

/** Weights that add up to one. */
export function channelWeights(count: number, order: ChannelOrder): readonly number[] {
  if (count !== 6) return Array.from({ length: count }, () => 1 / count)
  const weights = sixChannels[order]
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
