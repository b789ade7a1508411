/** Every voice that the training reads its phrases with. */

export interface SpokenClip {
  samples: Float32Array
  sampleRate: number
}

export interface VoiceMaker {
  id: string
  /** Ids of its voices. */
  voices: readonly string[]
  /** `rate` 1 is normal. */
  speak(text: string, voice: string, rate: number): Promise<SpokenClip>
  close(): Promise<void>
}
