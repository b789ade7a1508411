export const strings = {
  title: "Wake word",
  text: (phrase: string) =>
    `Say “${phrase}” instead of pressing a button. While this is on, the microphone stays open and a bar at the top of the window says so. What is heard stays on this machine and is not kept.`,
  switch: "Listen for the phrase",
  phrase: "Phrase",
  notInstalled: "not installed",
  licence: (name: string) => `Licence: ${name}. Not for commercial use.`,
  get: (phrase: string) => `Get “${phrase}”`,
  sensitivity: "Sensitivity",
  sensitivityHint: "Higher hears it from further away, and more often by mistake.",
  try: (phrase: string) => `Say “${phrase}” to try it. While this page is open, nothing is answered.`,
  meter: (score: string, threshold: string) => `Likeness ${score} %, needed ${threshold} %`,
  detected: (phrase: string) => `Heard “${phrase}”.`,
  ownSpeech: "That was my own voice: ignored.",
  words: (text: string) =>
    text ? `Sounded like it, but the words were: “${text}”` : "Sounded like it, but there were no words.",
  missing: "The wake word needs a small model.",
  install: "Get the wake word model",
  listening: (phrase: string) => `Microphone on: listening for “${phrase}”`,
  stop: "Stop listening",
}
