import { expect, it } from "vitest"
import { withAskedEnd } from "#chat/tidyAnswer.ts"
import type { Passage } from "#contract/turns.ts"

const evidence = [
  { text: "Area: Baths; Weekdays: 6:30–21:30; Sunday: 9:00–17:00\nThe café serves from 9:00 to 16:00." },
] as unknown as Passage[]
const hours = evidence.slice(0, 1).map((each) => ({ ...each, text: each.text.split("\n")[0] as string }))

it.each([
  ["When do the baths close on Sundays?", "They close at 9:00.", hours, "They close at 17:00."],
  ["When do the baths open on Sundays?", "They open at 17:00.", hours, "They open at 9:00."],
  ["When do the baths close on Sundays?", "They close at 17:00.", hours, "They close at 17:00."],
  // Two ranges begin at 9:00: which is meant is not known.
  ["When do the baths close on Sundays?", "They close at 9:00.", evidence, "They close at 9:00."],
  ["When do the baths open and close?", "At 9:00.", hours, "At 9:00."],
])("gives the end of a range that is asked for: %s %s", (question, text, passages, expected) => {
  expect(withAskedEnd(question, text, passages)).toBe(expected)
})
