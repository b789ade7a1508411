export const strings = {
  title: "Tuning",
  text: "How quickly the last spoken questions were answered, step by step, counted from the moment you stopped speaking.",
  none: "Nothing was asked aloud yet.",
  firstSound: (seconds: string) => `first sound after ${seconds}`,
  silent: "not spoken",
  average: (seconds: string, count: number) =>
    count === 1
      ? `First sound after ${seconds} in the one spoken answer.`
      : `First sound after ${seconds}, the middle of ${count} spoken answers.`,
  live: "What is heard right now, and how much is needed. The mark is what it takes.",
  talk: "Talk",
  stop: "Stop",
  speech: "Somebody speaks",
  pause: "You have finished",
  speaker: "Whose voice",
  wake: "Wake phrase",
  quiet: "nothing yet",
  nobody: "unknown voice",
  percent: (score: number, threshold: number) =>
    `${(score * 100).toFixed(0)} %, needed ${(threshold * 100).toFixed(0)} %`,
  waited: (silence: string, needed: string, finished: number | null) =>
    `${silence} of ${needed} silence${finished === null ? "" : `, sounds ${finished} % finished`}`,
  plot: "Until the first sound, turn by turn, the newest on the right",
  plotLabel: (count: number, highest: string) =>
    `The wait for the first sound in the last ${count} spoken turns, up to ${highest}. The turns below have the numbers.`,
  parts: {
    stt: "Understanding",
    search: "Searching",
    "first-token": "Beginning the answer",
    "first-audio": "Beginning to speak",
  },
  keep: "Keep the sound of my questions",
  keepHint:
    "The last 20, encrypted on this computer, to hear how you were understood. They go with their chat; switched off, all of them are erased.",
  withSound: (seconds: string) => `${seconds} of sound`,
  sound: "What was heard of this question",
  noSound: "This recording cannot be played.",
  deleteSound: "Erase this recording",
  report: "Save a problem report",
  reportHint:
    "Logs, timings and settings as a zip file, without sound and without what you said. Nothing is sent anywhere.",
  reportWithSound:
    "Logs, timings, settings and what you said aloud, as a zip file. Whoever gets it can hear you. Nothing is sent anywhere.",
  includeSound: (count: number) =>
    count === 1 ? "Also the sound of my last question" : `Also the sound of my last ${count} questions`,
}
