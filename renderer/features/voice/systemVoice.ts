interface SystemVoiceOptions {
  /** 0..1. */
  volume: number
  rate: number
  /** Characters of the sentence that starts to be heard. */
  onSentence?: (start: number, end: number) => void
  onEnd: () => void
}

let generation = 0

/** Reads text with the voice of the operating system, sentence by sentence. */
export function speakWithSystemVoice(text: string, { volume, rate, onSentence, onEnd }: SystemVoiceOptions): void {
  stopSystemVoice()
  const own = ++generation
  const sentences = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(text)].filter(
    ({ segment }) => speakable(segment) !== "",
  )
  if (!("speechSynthesis" in window) || sentences.length === 0) {
    onEnd()
    return
  }
  sentences.forEach(({ segment, index }, order) => {
    const utterance = new SpeechSynthesisUtterance(speakable(segment))
    utterance.volume = volume
    utterance.rate = rate
    const finish = () => {
      if (own === generation && order === sentences.length - 1) onEnd()
    }
    utterance.onstart = () => {
      if (own === generation) onSentence?.(index, index + segment.trimEnd().length)
    }
    utterance.onend = finish
    utterance.onerror = finish
    window.speechSynthesis.speak(utterance)
  })
}

export function stopSystemVoice(): void {
  generation++
  if ("speechSynthesis" in window) window.speechSynthesis.cancel()
}

/** Marks of Markdown are not words. */
const speakable = (text: string): string =>
  text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`#>|~]+/g, " ")
    .replace(/\s+/g, " ")
    .trim()
