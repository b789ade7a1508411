import { Writable } from "node:stream"
import { expect, it } from "vitest"
import { createLogger } from "#core/logger.ts"
import { findPersonalData } from "#core/pii/findPersonalData.ts"
import { createPseudonyms, maskPersonalData } from "#core/pii/maskPersonalData.ts"
import { readPiiSet, scorePii } from "../fakes/piiSet.ts"

it("finds 95 of 100 personal data in sentences the rules were not written on, and is wrong about 5 at most", () => {
  const all = scorePii(readPiiSet().held).find(({ kind }) => kind === "all")
  expect(all?.expected).toBeGreaterThan(30)
  expect(all?.recall).toBeGreaterThanOrEqual(0.95)
  expect(all?.precision).toBeGreaterThanOrEqual(0.95)
})

it("leaves numbers alone whose checksum is wrong by one digit", () => {
  const kindsIn = (text: string) => findPersonalData(text).map(({ kind }) => kind)
  expect(kindsIn("DE89370400440532013000 5555555555554444 756.9217.0769.85")).toEqual(["iban", "card", "national-id"])
  expect(kindsIn("DE89370400440532013001 5555555555554445 756.9217.0769.86")).toEqual([])
})

it("finds an account number that words follow", () => {
  const text = "Pay DE89 3704 0044 0532 0130 00 BY FRIDAY 12"
  expect(findPersonalData(text).map(({ start, end }) => text.slice(start, end))).toEqual([
    "DE89 3704 0044 0532 0130 00",
  ])
})

it("takes out what the policy names for a purpose, and counts it", () => {
  const text = "Marta, m@example.org, calls from 10.1.2.3."
  expect(maskPersonalData(text, "log").text).toBe("Marta, [E-MAIL], calls from 10.1.2.3.")
  expect(maskPersonalData(text, "dataset", { names: ["Marta"] })).toEqual({
    text: "[NAME], [E-MAIL], calls from [IP-ADDRESS].",
    counts: { name: 1, email: 1, ip: 1 },
  })
})

it("gives every value one placeholder, and puts all of them back, but no foreign ones", () => {
  const { hide, restore } = createPseudonyms("remote", { names: ["Marta"] })
  const question = "Did Marta (m@example.org) write to b@example.org? marta said [NAME 1]."
  const hidden = hide(question)
  expect(hidden).not.toMatch(/marta|example/i)
  expect(hidden).toContain("[E-MAIL 1]) write to [E-MAIL 2]")
  expect(hide("Marta again")).toBe(`${/\[NAME \d\]/.exec(hidden)?.[0]} again`)
  expect(restore(hidden).toLowerCase()).toBe(question.toLowerCase())
  expect(restore("[NAME 99]")).toBe("[NAME 99]")
})

it("writes no mail address, account or card into a log line", () => {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLogger({ level: "info", json: true, destination })
  log.error("could not read “mail of m@example.org”", {
    detail: ["DE89370400440532013000", { card: "4111 1111 1111 1111" }],
  })
  expect(lines.join("")).toContain("[E-MAIL]")
  expect(lines.join("")).not.toMatch(/example\.org|DE89|4111/)
})
