import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import { recordSources } from "./recordSources.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { ask, windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

const openSource = async (page: Page): Promise<void> => {
  await page
    .getByRole("button", { name: /^Source 2/ })
    .first()
    .click()
  // The pointer must not rest on what slid below it: its hover card would lie over the panel.
  await page.mouse.move(1, 1)
  await page.locator(".source-text mark").first().waitFor()
}

describe("the sources of an answer", () => {
  it.each([
    ["slide to their final order", "no-preference"],
    ["stand in their final order at once where motion is unwanted", "reduce"],
  ] as const)("%s, and move nothing else", async (_name, reducedMotion) => {
    const text = "Change the filter every six months."
    const spans = [{ start: 0, end: text.length, citations: [1], supported: true }]
    const script = () => ({ text, spans, pieceLength: text.length })
    const page = await fixture.open({ state: "full", path: "#/chat", reducedMotion, paceMs: 200, script })
    const recorded = await recordSources(page)
    await ask(page, "How often should the filter be changed?")
    await page.locator(".answer .citation").first().waitFor()
    const { frames, slides } = await recorded()
    const orders = [...new Set(frames.map(({ order }) => order.join()))]
    expect(orders).toEqual(["chunk-1,chunk-3,chunk-2", "chunk-1,chunk-2,chunk-3"])
    const settledAt = frames.findIndex(({ isProvisional }) => !isProvisional)
    expect(settledAt).toBeGreaterThan(0)
    expect(frames.slice(settledAt).every(({ isProvisional }) => !isProvisional)).toBe(true)
    expect(new Set(frames.map(({ height }) => height)).size).toBe(1)
    expect(new Set(frames.map(({ top }) => top)).size).toBe(1)
    if (reducedMotion === "reduce") expect(slides).toBe(0)
    else expect(slides).toBeGreaterThan(0)
  })
})

describe("a source", () => {
  it("says what its score is made of, and the parts add up", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1" })
    await openSource(page)
    await page.getByRole("button", { name: "Why here?" }).click()
    const why = page.locator(".popover.why")
    await why.getByRole("heading", { name: "Why this passage is number 2" }).waitFor()
    expect(await why.locator(".why-moved").textContent()).toBe("Moved up 1 by your feedback")
    const [learned = 0, conceptual = 0, ...rest] = await why
      .locator(".why-sum dd")
      .evaluateAll((cells) => cells.map((cell) => Number.parseFloat((cell.textContent ?? "").replace("−", "-"))))
    const total = rest.at(-1) ?? 0
    expect(0.6 * learned + 0.4 * conceptual + rest.slice(0, -1).reduce((sum, value) => sum + value, 0)).toBeCloseTo(
      total,
      1,
    )
    expect(await why.locator(".why-features li").first().textContent()).toContain("Closeness in meaning")
    expect(await why.locator(".why-features").textContent()).toContain("Your feedback")
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press("Escape")
    await why.waitFor({ state: "detached" })
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Why here?")
  })

  it("takes a thumb, shows it again, and gives it back", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1" })
    await openSource(page)
    const up = page.getByRole("button", { name: "This passage helps" })
    const down = page.getByRole("button", { name: "This passage does not help" })
    await up.click()
    await expect.poll(() => up.getAttribute("aria-pressed")).toBe("true")
    await down.click()
    await expect.poll(() => down.getAttribute("aria-pressed")).toBe("true")
    expect(await up.getAttribute("aria-pressed")).toBe("false")
    await page.getByRole("button", { name: "Next source" }).click()
    await expect.poll(() => down.getAttribute("aria-pressed")).toBe("false")
    await page.getByRole("button", { name: "Previous source" }).click()
    await expect.poll(() => down.getAttribute("aria-pressed")).toBe("true")
    await down.click()
    await expect.poll(() => down.getAttribute("aria-pressed")).toBe("false")
  })

  it("of a temporary chat leaves no trace", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.getByRole("button", { name: /temporary/i }).click()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".answer .citation").first().waitFor()
    await openSource(page)
    await page.getByRole("button", { name: "Why here?" }).click()
    await page.locator(".popover.why .soft").first().waitFor()
    expect(await page.getByRole("button", { name: "This passage helps" }).count()).toBe(0)
    expect(fixture.opened.core.requests.filter((key) => key.includes("/rag/feedback"))).toEqual([])
  })
})

it("forgets what clicks taught, after asking", async () => {
  const page = await fixture.open({ state: "full", path: "#/settings/learned" })
  const card = page.locator('[data-setting="learned"]')
  await card.getByText("clicks and ratings over").waitFor()
  await card.getByRole("button", { name: "Forget what ZenGlow learned from my clicks" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
  expect(fixture.opened.core.requests).not.toContain("DELETE /rag/feedback")
  await card.getByRole("button", { name: "Forget what ZenGlow learned from my clicks" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Forget", exact: true }).click()
  await card.getByText("Nothing yet.").waitFor()
  expect(fixture.opened.core.requests).toContain("DELETE /rag/feedback")
})
