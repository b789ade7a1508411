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
  report: "Save a problem report",
  reportHint:
    "Logs, timings and settings as a zip file, without sound and without what you said. Nothing is sent anywhere.",
}
