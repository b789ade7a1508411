import { sentencesOf } from "#rag/sentences.ts"

const facts: readonly RegExp[] = [
  /\bmy (?:(?!question|problem|issue|error|guess|point|understanding|code|computer|screen|idea|plan is to)[\p{L}'’-]+\s){1,4}(?:is|are|was born|lives?|works?|starts?|ends?|closes?|opens?)\b(?! (?:wrong|broken|not|unclear|empty|slow|there|this|that|it|what|how|why)\b)/iu,
  /\bmy name(?:['’]s| is)\b|\bcall me \p{Lu}/u,
  /\bI(?:['’]m| am) (?:(?:severely |strictly |mostly )?(?:allergic|vegetarian|vegan|diabetic|colou?r[- ]blind|left[- ]handed|dyslexic|lactose)|a [\p{L}-]+|an [\p{L}-]+|called|named|married|from|based in|living in|\d{1,3} years old)\b/iu,
  /\bI (?:live|work|prefer|speak|own|drive|was born|grew up|(?:always|never|usually) \p{L}+|have (?:a|an|two|three|four|five|\d+) \p{L}+|(?:love|hate|dislike|can['’]t stand|do not eat|don['’]t eat|don['’]t drink) \p{L}+)\b/iu,
  /\bwe (?:live|have (?:a|an|two|three|\d+) \p{L}+|own|moved to)\b/iu,
]
/** What should not lie in a memory because somebody said it in passing. */
const secret =
  /\b(?:password|passcode|passphrase|pin(?: code)?|secret|api key|token|credit card|card number|cvv|iban|social security|ssn)\b/i
const asks =
  /\?\s*$|^(?:what|who|whom|whose|when|where|why|which|how|is|are|do|does|did|can|could|should|would|will|may|if)\b/i

/**
 * A lasting fact about the person that a message states beside what it asks, worth the question "Remember this?". Null for most messages:
 * a proposal that is wrong costs more attention than one that is missing.
 */
export function proposeFact(message: string): string | null {
  if (message.length > 2000 || /```|<\/?\w+>/.test(message)) return null
  for (const { text } of sentencesOf(message)) {
    const sentence = text.replace(/\s+/g, " ").trim()
    const words = sentence.split(" ").length
    if (words < 3 || words > 40 || asks.test(sentence) || secret.test(sentence)) continue
    if (facts.some((fact) => fact.test(sentence))) return /[.!…]$/.test(sentence) ? sentence : `${sentence}.`
  }
  return null
}
