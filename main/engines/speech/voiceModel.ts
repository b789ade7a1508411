/** One loaded model in the child that speaks, whatever its network. */
export interface VoiceModel {
  readonly sampleRate: number
  /** What the voice reads, one string per clause: shows why a word sounds as it does. */
  phonemize(text: string, phonemes: Pronunciations): Promise<string[]>
  /** Checks the signal between clauses. Text without anything to say gives no samples. All voices come out equally loud. */
  synthesize(
    request: {
      text: string
      rate: number
      /** The voice's own file, for models with several voices. */
      stylePath: string | null
      phonemes: Pronunciations
    },
    signal: AbortSignal,
  ): Promise<Float32Array>
  release(): Promise<void>
}

/** Words in lower case, and how they are read instead, in the International Phonetic Alphabet. */
export type Pronunciations = Record<string, string>
