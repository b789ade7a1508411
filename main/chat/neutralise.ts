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
  /\byou are (?:now|no longer)\b|\bfrom now on,? (?:you|answer|reply|respond)\b|\bpretend (?:to be|you)\b/i,
  /^\W*(?:system|assistant|user|developer)\s*:/i,
  /\b(?:ai|assistant|chatbot|language model|llm)s?\b.{0,60}\b(?:must|should|shall|has to|is to|are to|will)\b/i,
  /\b(?:answer|reply|respond) (?:only|solely|just|exclusively|always|instead)?\s*(?:with|in)?\s*["“'][^"”']+["”']/i,
  /!\[[^\]]*\]\(\s*https?:/i,
]

/** Whether a sentence of a document speaks to the program that reads it instead of to people. */
export const addressesReader = (sentence: string): boolean =>
  instructionPatterns.some((pattern) => pattern.test(sentence))
