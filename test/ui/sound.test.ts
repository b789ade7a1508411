import axe from "axe-core"
import { describe, expect, it } from "vitest"
import { untilStill } from "./untilStill.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("sound", () => {
  it("chooses the machine's devices, plays a tone, and tells how the microphone comes across", async () => {
    const page = await fixture.open({ state: "full", path: "#/settings" })
    const card = page.getByRole("region", { name: "Sound", exact: true })
    await card.getByLabel("The computer's microphone").selectOption("Desk microphone")
    await expect.poll(() => fixture.opened.core.requests).toContain("PUT /audio/devices/selection")
    const machine = "The computer ZenGlow runs on"
    await card.getByRole("button", { name: `Play a test tone: ${machine}` }).click()
    await expect.poll(() => fixture.opened.core.requests).toContain("POST /audio/devices/tone")
    await card.getByRole("button", { name: `Record and listen: ${machine}` }).click()
    await card.getByText("You come across well.").waitFor()
    await untilStill(page)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() =>
      (window as unknown as { axe: typeof axe }).axe.run(".sound-card" as unknown as Document),
    )
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
  })
})
