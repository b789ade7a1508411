import { expect, it } from "vitest"
import { createPins } from "#ops/pins.ts"

it("takes the right PIN, says nothing of it in what it keeps, and makes whoever guesses wait longer and longer", async () => {
  let now = 0
  const pins = createPins({ monotonic: () => now })
  const hash = await pins.hash("4711")
  expect(hash).not.toContain("4711")
  expect(await pins.hash("4711")).not.toBe(hash)
  await pins.check("ada", null, undefined)
  await pins.check("ada", hash, "4711")
  const code = (pin: string | undefined, who = "ada") =>
    pins.check(who, hash, pin).then(
      () => "right",
      (error: { code: string }) => error.code,
    )
  expect(await code(undefined)).toBe("access.bad-pin")
  for (let attempt = 0; attempt < 4; attempt++) expect(await code("0000")).toBe("access.bad-pin")
  expect(await code("4711")).toBe("request.rate-limited")
  // Others are not kept waiting by it.
  expect(await code("4711", "ben")).toBe("right")
  now += 30_000
  expect(await code("0000")).toBe("access.bad-pin")
  now += 30_000
  expect(await code("4711")).toBe("request.rate-limited")
  now += 30_000
  expect(await code("4711")).toBe("right")
  expect(await code("0000")).toBe("access.bad-pin")
})

it("counts guesses that are sent at once", async () => {
  const pins = createPins({ monotonic: () => 0 })
  const hash = await pins.hash("4711")
  const guesses = await Promise.allSettled(Array.from({ length: 12 }, () => pins.check("ada", hash, "0000")))
  const refused = guesses.filter((guess) => guess.status === "rejected" && guess.reason.code === "request.rate-limited")
  expect(refused).toHaveLength(7)
})
