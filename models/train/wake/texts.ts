import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** How the phrase is written so that a voice says it as people would. */
export const phraseTexts = ["Hey ZenGlow.", "Hey Zen Glow!", "Hey, Zenglow.", "hey zen glow", "Hey Zen Glow?"] as const

/** What is near the phrase and is not it: its parts, what rhymes with it, other assistants' names, calls to people. */
export const nearTexts = [
  "Zen glow.",
  "Hey Zen.",
  "Hey, glow.",
  "Hey.",
  "Hey there.",
  "Hey Ben!",
  "Hey Jen, hello.",
  "Hey Glenn.",
  "Hey then go.",
  "Hey, send low.",
  "Hey, when does it go?",
  "Hey, let's go!",
  "Hey, then glue it.",
  "They then go.",
  "Say when, Joe.",
  "Hey Ringo.",
  "Hey gringo.",
  "Hey Django.",
  "Hey, Enzo.",
  "Hey, Lenny, go!",
  "Hey, that's enough.",
  "Hey, don't go.",
  "Hey, say hello.",
  "Hey, hello.",
  "Okay, then go.",
  "Okay, Zen glow.",
  "Hi Zen Glow.",
  "A zen garden glows.",
  "The lantern has a soft, zen glow.",
  "Turn the glow up a little.",
  "Zen and the art of gardening.",
  "Ben will glow with pride.",
  "Men go home.",
  "When the embers glow, we sing.",
  "Hey Siri.",
  "Hey Google.",
  "Hey Jarvis.",
  "Alexa, stop.",
  "Hey Cortana.",
  "Computer, lights.",
  "Hey Mycroft.",
  "Hey Snowboy.",
  "Hey Angelo.",
  "Hey, Wednesday's slow.",
  "Hay and snow.",
  "Hey, ten below!",
  "It is ten below.",
  "Hey, in the glow of the fire.",
  "Hey, the hen is slow.",
  "Hey, Zelda.",
  "Hey, Zoe.",
  "Hey, Zen master.",
  "Hey, Zen mode on.",
  "Hey, sangria.",
  "Day then glow.",
  "Hey, Daniel.",
  "Hey, engine, go!",
  "Hey, mango.",
  "Hey, bingo!",
  "Hey, dingo.",
  "Hey, Kenzo.",
  "Hey, Lorenzo.",
  "Hey, yellow.",
  "Hey, Jello.",
  "Hey, been low.",
  "Hey, fine glow.",
  "Hey, son, go.",
  "Hey, Zen, go low.",
] as const

/** What people say right after the phrase, and what an assistant answers. */
export const commandTexts = [
  "What does the lease say about pets?",
  "When was the boiler last serviced?",
  "Remind me to call the dentist tomorrow.",
  "What is the weather going to be like?",
  "How much did we pay for the roof?",
  "Stop, please.",
  "Read me the last letter from the school.",
  "Who signed the contract?",
  "Set a timer for ten minutes.",
  "Which documents mention the heat pump?",
  "Summarise the minutes of the meeting.",
  "Play some music in the kitchen.",
  "Where did you read that?",
  "Can you say that again, a bit slower?",
  "Turn the lights off in the hall.",
  "How do I reset the router?",
  "I found three passages about it in the manual.",
  "Your documents do not say when the guarantee ends.",
  "The filter should be cleaned every three months.",
  "The notice period is two months to the end of a quarter.",
  "Good morning. Did you sleep well?",
  "No, I think we already did that on Thursday.",
  "Dinner is ready, could you tell the children?",
  "I left the keys on the table next to the door.",
  "She said that they would be here around eight.",
  "It is raining again, take an umbrella with you.",
  "One, two, three, four, five, six, seven, eight, nine, ten.",
  "We could go to the lake on Sunday if the weather holds.",
  "Have you seen my glasses anywhere?",
  "The train was late again, so I missed the beginning.",
  "Let me know when you get there.",
  "That was the best film I have seen this year.",
] as const

/** Sentences of the documents that ranking is trained on: ordinary prose, written for the product. */
export function proseTexts(): string[] {
  const folder = fileURLToPath(new URL("../ranking/documents/", import.meta.url))
  const sentences: string[] = []
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(`${folder}${file}`, "utf8").replaceAll(/[#*|`_>-]/g, " ")
    for (const sentence of text.split(/(?<=[.!?])\s+|\n{2,}/)) {
      const plain = sentence.replaceAll(/\s+/g, " ").trim()
      if (plain.length >= 30 && plain.length <= 160) sentences.push(plain)
    }
  }
  return sentences
}
