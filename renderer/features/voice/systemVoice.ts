interface SystemVoiceOptions {
  /** 0..1. */
  volume: number
  rate: number
  /** Characters of the sentence that starts to be heard. */
  onSentence?: (start: number, end: number) => void
  onEnd: () => void
}

let generation = 0

/** Browsers list their voices late, and some of them send the text to a server: only voices of this machine speak. */
function withLocalVoice(use: (voice: SpeechSynthesisVoice | null) => void): void {
  const find = (): SpeechSynthesisVoice | null => {
    const local = window.speechSynthesis.getVoices().filter((voice) => voice.localService)
    const language = document.documentElement.lang || "en"
    return local.find((voice) => voice.lang.startsWith(language)) ?? local[0] ?? null
  }
  if (window.speechSynthesis.getVoices().length > 0) {
    use(find())
    return
  }
  const once = () => {
    clearTimeout(timer)
    window.speechSynthesis.removeEventListener("voiceschanged", once)
    use(find())
  }
  const timer = setTimeout(once, 1000)
  window.speechSynthesis.addEventListener("voiceschanged", once)
}

/** Reads text with a voice of this machine, sentence by sentence. Without one it ends at once. */
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
  withLocalVoice((voice) => {
    if (own !== generation) return
    if (voice === null) onEnd()
    else speakSentences(sentences, voice)
  })

  function speakSentences(pieces: Intl.SegmentData[], voice: SpeechSynthesisVoice): void {
    for (const piece of pieces) speakSentence(piece.segment, piece.index, piece === pieces.at(-1), voice)
  }
  function speakSentence(segment: string, index: number, isLast: boolean, voice: SpeechSynthesisVoice): void {
    const utterance = new SpeechSynthesisUtterance(speakable(segment))
    utterance.voice = voice
    utterance.volume = volume
    utterance.rate = rate
    const finish = () => {
      if (own === generation && isLast) onEnd()
    }
    utterance.onstart = () => {
      if (own === generation) onSentence?.(index, index + segment.trimEnd().length)
    }
    utterance.onend = finish
    utterance.onerror = finish
    window.speechSynthesis.speak(utterance)
  }
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
