import axe from "axe-core"
import { describe, expect, it } from "vitest"
import { spokenChat } from "./mockTuning.ts"
import { untilStill } from "./untilStill.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()
const waits = [4200, 2600, 1100]
const open = async () => {
  const page = await fixture.open({
    state: "full",
    path: "#/settings/tuning",
    sounds: (seed) => spokenChat(seed, waits),
  })
  const card = page.locator('[data-setting="tuning"]')
  await card.locator(".turns-plot").waitFor()
  return { page, card }
}

describe("the tuning page", () => {
  it("shows the last turns over time, the newest on the right, and is clean for screen readers", async () => {
    const { page, card } = await open()
    const heights = await card
      .locator(".turns-plot-column")
      .evaluateAll((columns) =>
        columns.map((column) =>
          [...column.children].reduce((sum, part) => sum + part.getBoundingClientRect().height, 0),
        ),
      )
    const area = Math.max(...heights)
    expect(heights.map((height) => height / area)).toEqual(waits.map((wait) => expect.closeTo(wait / 4200, 1)))
    expect(await card.locator("summary").allTextContents()).toEqual([
      expect.stringContaining("1.1 s"),
      expect.stringContaining("2.6 s"),
      expect.stringContaining("4.2 s"),
    ])
    await card.locator("summary").first().click()
    await untilStill(page)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() =>
      (window as unknown as { axe: typeof axe }).axe.run('[data-setting="tuning"]' as unknown as Document),
    )
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
  })

  it("shows each score live beside what it takes, while the microphone listens, and lets it go with the page", async () => {
    const { page, card } = await open()
    await card.getByRole("button", { name: "Talk" }).click()
    await card.getByRole("button", { name: "Stop" }).waitFor()
    await expect.poll(() => fixture.opened.core.conversation.request).not.toBeNull()
    fixture.opened.core.hear({ type: "speech", score: 0.83, threshold: 0.5 })
    await card.getByText("83 %, needed 50 %").waitFor()
    fixture.opened.core.hear({ type: "pause", silenceMs: 320, waitMs: 1200, completion: 0.3 })
    await card.getByText("320 ms of 1.2 s silence, sounds 30 % finished").waitFor()
    fixture.opened.core.hear({ type: "speaker", similarity: 0.41, threshold: 0.5, name: null })
    await card.getByText("unknown voice · 41 %, needed 50 %").waitFor()
    expect(await card.locator(".live-score-bar.reached").count()).toBe(1)
    await page.evaluate(() => {
      window.location.hash = "#/documents"
    })
    await expect.poll(() => fixture.opened.core.requests).toContain("DELETE /api/voice/sessions/:id")
  })

  it("keeps sound only when asked, plays it beside its turn, and erases it", async () => {
    const { page, card } = await open()
    const keep = card.getByRole("switch", { name: "Keep the sound of my questions" })
    expect(await keep.getAttribute("aria-checked")).toBe("false")
    await keep.click()
    await expect.poll(() => fixture.opened.core.requests).toContain("PATCH /api/settings")
    expect(await card.locator("summary", { hasText: "of sound" }).count()).toBe(2)
    await card.locator("summary").first().click()
    await expect
      .poll(() => card.locator("audio").evaluate((player) => (player as HTMLAudioElement).duration))
      .toBeCloseTo(1.8, 1)
    await card.getByRole("button", { name: "Erase this recording" }).click()
    await expect.poll(() => card.locator("summary", { hasText: "of sound" }).count()).toBe(1)
    expect(await page.locator("audio").count()).toBe(0)
  })

  it("saves a report without sound, and with it only when ticked", async () => {
    const { page, card } = await open()
    const asked = async () => {
      const request = page.waitForRequest(/diagnostics\/bundle/)
      await card.getByRole("button", { name: "Save a problem report" }).click()
      return new URL((await request).url()).search
    }
    expect(await asked()).toBe("")
    await card.getByLabel("Also the sound of my last 2 questions").check()
    await card.getByText("Whoever gets it can hear you.").waitFor()
    expect(await asked()).toBe("?sound=true")
  })
})
