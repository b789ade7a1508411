import { describe, expect, it } from "vitest"
import { ask, windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("voice", () => {
  it("hears, answers, lights the sentence being heard, and sends 16 kHz audio up", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 30 })
    await page.locator(".chat-welcome").waitFor()
    await page.keyboard.down("Space")
    await page.getByText("Listening", { exact: true }).waitFor()
    await page.locator(".voice-caption .unsettled").filter({ hasText: "changed?" }).waitFor()
    await page.keyboard.up("Space")
    await page.getByText("Speaking", { exact: true }).waitFor()
    await page.locator(".lit").first().waitFor()
    // The source of the sentence that is being heard.
    await page.locator(".chip.glowing").waitFor()
    expect(await page.locator(".question-text").textContent()).toBe("How often should the filter be changed?")
    expect([...(fixture.opened.core.uplink.values() ?? [])][0]).toBeGreaterThan(960)
    await page.locator(".voice-band").waitFor({ state: "detached" })
    expect(fixture.opened.core.requests).toContain("POST /api/turns/:turnId/heard")
  })

  it("stops everything at once on Escape", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 20 })
    await page.getByRole("button", { name: "Talk" }).click()
    await page.locator(".voice-caption").getByText("filter").waitFor()
    await page.keyboard.press("Escape")
    await page.locator(".voice-band").waitFor({ state: "detached" })
    await expect.poll(() => fixture.opened.core.requests).toContain("DELETE /api/turns/:turnId")
    await page.locator("#composer").waitFor()
  })

  it("names a denied microphone, how to fix it, and leaves typing", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))
    })
    await page.getByRole("button", { name: "Talk" }).click()
    await page.getByText("The microphone is not allowed.").waitFor()
    await page.getByRole("button", { name: "Type instead" }).click()
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("composer")
  })

  it("says which model is missing when none can listen", async () => {
    const page = await fixture.open({ state: "empty", path: "#/chat" })
    await page.getByRole("button", { name: "Talk" }).click()
    await page.getByText("No speech model is installed.").waitFor()
  })

  it("speaks the answer to a typed question when that is set", async () => {
    const page = await fixture.open({
      state: "full",
      path: "#/chat",
      prepare: (seed) => {
        for (const setting of seed.settings) if (setting.name === "speakAnswers") setting.value = true
      },
    })
    await ask(page, "How often should the filter be changed?")
    await page.getByText("Speaking", { exact: true }).waitFor()
    await page.locator(".lit").first().waitFor()
    await page.getByRole("button", { name: "Stop" }).first().click()
    await page.locator(".voice-band").waitFor({ state: "detached" })
  })
})
