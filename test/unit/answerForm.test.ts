import { describe, expect, test } from "vitest"
import { hasAnswerForm } from "#rag/bestSentence.ts"

describe("what has the form of a date", () => {
  test.each([
    "The lease began in 2019.",
    "Valid from 1 January 2025.",
    "It was founded (1987) by two sisters.",
    "Handed over on 2024-03-17.",
    "The survey took place on 3.5.24.",
    "Doors open at 17.30.",
    "We meet at 7 p.m. by the gate.",
    "The office closes at noon on Fridays.",
    "The rent is due on the 3rd.",
  ])("%s", (text) => {
    expect(hasAnswerForm("date", text)).toBe(true)
  })

  test.each([
    "The house is at 9 Cable Lane, 4417 Skerrin Bay.",
    "The motor runs at 2000 rpm.",
    "The roof costs €1999 in all.",
    "The fee is 1800 euros.",
    "A ticket is 17.30 for adults.",
    "Call 0171 330 2214.",
    "The line has the number 1850 44 12.",
    "The tank holds 1600 l.",
    "Part 8841 fits every model.",
  ])("not: %s", (text) => {
    expect(hasAnswerForm("date", text)).toBe(false)
  })
})
