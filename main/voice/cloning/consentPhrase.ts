import { randomInt } from "node:crypto"

const statement = "I agree that this computer may speak with a copy of my voice."
const adjectives = "green quiet golden heavy narrow gentle hungry wooden silver frozen bright ancient".split(" ")
const animals = "horses rabbits pigeons dolphins spiders monkeys turtles beavers camels penguins".split(" ")
const verbs = "carried painted followed borrowed counted polished delivered repaired".split(" ")
const numbers = "seven eleven twelve fourteen sixteen twenty thirty forty".split(" ")
const things = "lanterns ladders blankets trumpets baskets mirrors candles bicycles pumpkins umbrellas".split(" ")
const places = "harbour kitchen market station library mountain garden bridge castle valley".split(" ")

/** What is agreed to, and a sentence that nobody can have recorded before: one of nine million. */
export function consentPhrase(pick: (count: number) => number = randomInt): string {
  const one = (words: readonly string[]): string => words[pick(words.length)] ?? ""
  const random = `${one(adjectives)} ${one(animals)} ${one(verbs)} ${one(numbers)} ${one(adjectives)} ${one(things)} near the ${one(places)}.`
  return `${statement} ${random.charAt(0).toUpperCase()}${random.slice(1)}`
}

/** Share of the agreement, and of the sentence that nobody could know, that must be heard in order: speech-to-text errs now and then. */
const leastOfStatement = 0.7
const leastOfSentence = 0.75

/** Whether a transcript is the phrase read aloud. */
export function isPhraseRead(phrase: string, transcript: string): boolean {
  const heard = wordsOf(transcript)
  const agreed = wordsOf(statement)
  const sentence = wordsOf(phrase).slice(agreed.length)
  return (
    wordsInOrder(agreed, heard) >= leastOfStatement * agreed.length &&
    wordsInOrder(sentence, heard) >= leastOfSentence * sentence.length
  )
}

const digits: Record<string, string> = {
  7: "seven",
  11: "eleven",
  12: "twelve",
  14: "fourteen",
  16: "sixteen",
  20: "twenty",
  30: "thirty",
  40: "forty",
}

const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[a-z]+|\d+/g) ?? []).map((word) => (digits[word] ?? word).replace(/^harbor$/, "harbour"))

/** Length of the longest common subsequence. */
function wordsInOrder(wanted: readonly string[], heard: readonly string[]): number {
  let row = new Array<number>(heard.length + 1).fill(0)
  for (const word of wanted) {
    const next = [0]
    heard.forEach((other, index) => {
      next.push(word === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0))
    })
    row = next
  }
  return row.at(-1) ?? 0
}
