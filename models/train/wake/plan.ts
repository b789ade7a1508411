import { createUniform } from "#engines/speech/hibari/noise.ts"
import { commandTexts, nearTexts, phraseTexts, proseTexts } from "./texts.ts"

export type ClipKind = "phrase" | "near" | "speech"

export interface PlannedClip {
  name: string
  kind: ClipKind
  /** Voices of `test` are never heard in training. */
  part: "train" | "test"
  maker: string
  voice: string
  rate: number
  text: string
}

/** Of every language and both sexes. */
const heldOut = [
  "af_nova",
  "am_eric",
  "bf_lily",
  "bm_lewis",
  "ef_dora",
  "hm_omega",
  "if_sara",
  "jf_alpha",
  "pm_alex",
  "zm_yunxi",
]

/** What is to be said, by whom, how fast: always the same for the same voices. */
export function planClips(kokoroVoices: readonly string[]): PlannedClip[] {
  const random = createUniform(20261123)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const between = (low: number, high: number): number => Math.round((low + random() * (high - low)) * 100) / 100
  const prose = proseTexts()
  const clips: PlannedClip[] = []
  const add = (kind: ClipKind, part: "train" | "test", maker: string, voice: string, rate: number, text: string) => {
    const count = clips.length
    clips.push({ name: `${part}-${kind}-${String(count).padStart(5, "0")}`, kind, part, maker, voice, rate, text })
  }
  const train = kokoroVoices.filter((voice) => !heldOut.includes(voice))
  const test = kokoroVoices.filter((voice) => heldOut.includes(voice))
  const english = train.filter((voice) => /^[ab]/.test(voice))
  const mixed = (): string => `${pick(english)}+${pick(train)}*${between(0.2, 0.8)}`

  const repeat = (times: number, one: () => void): void => {
    for (let time = 0; time < times; time++) one()
  }

  for (const voice of train) add("phrase", "train", "kokoro", voice, between(0.8, 1.25), pick(phraseTexts))
  for (const voice of test)
    repeat(3, () => add("phrase", "test", "kokoro", voice, between(0.8, 1.25), pick(phraseTexts)))
  repeat(60, () => add("phrase", "train", "hibari", "heart", between(0.75, 1.4), pick(phraseTexts)))
  repeat(40, () => add("phrase", "train", "pico", "en-US", between(0.75, 1.3), pick(phraseTexts)))
  repeat(15, () => add("phrase", "test", "pico", "en-GB", between(0.8, 1.25), pick(phraseTexts)))

  for (const text of nearTexts) {
    repeat(4, () => add("near", "train", "hibari", "heart", between(0.75, 1.4), text))
    repeat(3, () => add("near", "train", "pico", "en-US", between(0.75, 1.3), text))
    add("near", "test", "pico", "en-GB", between(0.85, 1.2), text)
  }
  for (const text of commandTexts) {
    repeat(4, () => add("speech", "train", "hibari", "heart", between(0.8, 1.3), text))
    repeat(4, () => add("speech", "train", "pico", "en-US", between(0.8, 1.3), text))
    repeat(2, () => add("speech", "test", "pico", "en-GB", between(0.8, 1.2), text))
  }
  for (const text of prose) {
    add("speech", "train", "hibari", "heart", between(0.8, 1.3), text)
    add("speech", "train", "pico", "en-US", between(0.8, 1.3), text)
    add("speech", "test", "pico", "en-GB", between(0.8, 1.2), text)
  }

  repeat(60, () => add("phrase", "train", "kokoro", mixed(), between(0.75, 1.35), pick(phraseTexts)))
  for (const [index, text] of nearTexts.entries())
    if (index % 4 === 0) add("near", "test", "kokoro", pick(test), between(0.85, 1.2), text)
    else add("near", "train", "kokoro", mixed(), between(0.8, 1.25), text)
  for (const voice of train) add("phrase", "train", "kokoro", voice, between(0.75, 1.35), pick(phraseTexts))
  for (const text of commandTexts.slice(0, 16)) add("speech", "train", "kokoro", mixed(), between(0.85, 1.2), text)
  return clips
}
