import { expect, it } from "vitest"
import { searchedText } from "#chat/answer.ts"

it.each([
  ["I live in Lisbon. How often must I descale the machine?", "How often must I descale the machine?"],
  ["How often must I descale the machine?", "How often must I descale the machine?"],
  ["The red light blinks. What does that mean?", "The red light blinks. What does that mean?"],
  ["My name is Ada.", "My name is Ada."],
  ["I work a lot in May. Until when is leave granted?", "I work a lot in May. Until when is leave granted?"],
])("searches for what is asked: %s", (question, searched) => {
  expect(searchedText(question)).toBe(searched)
})
