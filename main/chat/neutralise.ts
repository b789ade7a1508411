/** Marks of chat templates: ChatML, Llama, Mistral, Gemma, Phi. */
const templateMarks =
  /<\|[^|<>]{1,40}\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>|<(?:start|end)_of_turn>|<\/?(?:think|tool_call|tool_response|document)\b[^>]*>/gi

/** Text from outside as it goes into a prompt: a template's own marks are taken apart, so that no engine reads them as such. */
export function neutralise(text: string): string {
  return text.replace(templateMarks, (mark) => mark.replace(/[<>[\]|/]+/g, " ").trim())
}

const instructionPatterns = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules|above|everything|previous|prior)\b/i,
  /\b(?:system prompt|developer mode|jailbreak)\b/i,
  /\byou are (?:now|no longer) (?:an?|called|named|in \w+ mode|\w*bot)\b|\bfrom now on,? (?:you|answer|reply|respond)\b|\bpretend (?:to be|you)\b/i,
  /^\W*(?:system|assistant|user|developer)\s*:/i,
  /\b(?:ai|assistant|chatbot|language models?|llm)s?\b.{0,60}\b(?:must|should|shall|has to|is to|are to|will)\b/i,
  /\b(?:answer|reply|respond) (?:only|solely|just|exclusively|always|instead)?\s*(?:with|in)?\s*["“'][^"”']+["”']/i,
  /!\[[^\]]*\]\(\s*https?:/i,
]

/** What goes on with an instruction, in the words of one. */
const continuation = /\b(?:answers?|reply|respond|output|print|say|write|include|repeat|tell)\b|!?\[[^\]]*\]\(/i

/** A sentence that was taken apart at an address's question mark. */
const startsInside = /^\p{Ll}/u

/** Whether a sentence of a document speaks to the program that reads it instead of to people. */
export const addressesReader = (sentence: string): boolean =>
  sentence.search(templateMarks) >= 0 || instructionPatterns.some((pattern) => pattern.test(sentence))

/** For a passage's sentences in order: which to leave out of a prompt. Where one is an instruction, the next may go on with it. */
export function instructionsAmong(sentences: readonly string[]): boolean[] {
  let isInside = false
  return sentences.map((sentence) => {
    isInside = addressesReader(sentence) || (isInside && (continuation.test(sentence) || startsInside.test(sentence)))
    return isInside
  })
}
