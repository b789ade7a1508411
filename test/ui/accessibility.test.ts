import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import { seriousFindings } from "./seriousFindings.ts"
import { goTo, windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("keyboard", () => {
  it("reaches every page, chat, model, collection and setting from the palette", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    const choose = async (words: string) => {
      await page.keyboard.press("Control+k")
      await page.getByRole("combobox", { name: /Command|palette/i }).fill(words)
      await page.locator('.palette [cmdk-item][data-selected="true"]').waitFor()
      await page.keyboard.press("Enter")
      await page.locator(".palette").waitFor({ state: "detached" })
    }
    for (const [words, hash] of [
      ["Metrics", "#/metrics"],
      ["Models", "#/models"],
      ["Lease: notice", "#/chat/conversation-4"],
      ["Temperature", "#/settings/temperature"],
    ] as const) {
      await choose(words)
      await expect.poll(() => page.url()).toContain(hash)
    }
    await choose("SmolLM2")
    await expect.poll(() => fixture.opened.core.requests).toContain("POST /api/models/:id/select")
    await choose("Theme: Dark")
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark")
  })

  it("walks every page by Tab, always showing where the focus is, and never traps it", async () => {
    for (const path of [
      "#/chat/conversation-1",
      "#/documents",
      "#/models",
      "#/memory",
      "#/activity",
      "#/activity/logs",
      "#/activity/audit",
      "#/activity/egress",
      "#/activity/check",
      "#/metrics",
      "#/settings",
      "#/welcome",
    ]) {
      const page = await fixture.open({ state: "full", path })
      // Not "networkidle": a page may listen to events for as long as it is open.
      await page.locator("main").waitFor()
      const seen = new Set<string>()
      let isBack = false
      for (let step = 0; step < 160 && !isBack; step++) {
        await page.keyboard.press("Tab")
        const focus = await page.evaluate(() => {
          const element = document.activeElement
          if (!element || element === document.body) return null
          const style = getComputedStyle(element)
          const around = element.closest(".composer")
          const isVisible =
            style.outlineStyle !== "none" || (around !== null && getComputedStyle(around).boxShadow !== "none")
          const box = element.getBoundingClientRect()
          return {
            isVisible,
            key: `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.slice(0, 30)} ${Math.round(box.x)}`,
          }
        })
        if (focus === null) isBack = true
        else {
          expect(focus.isVisible, `${path}: focus is invisible on ${focus.key}`).toBe(true)
          seen.add(focus.key)
        }
      }
      expect(isBack, `${path}: Tab never left the page`).toBe(true)
      expect(seen.size, path).toBeGreaterThan(8)
    }
  })

  it("lists the keys on ?", async () => {
    const page = await fixture.open({ state: "full", path: "#/models" })
    await page.locator(".model-row").first().waitFor()
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
  })
})

describe("accessibility", () => {
  const audit = async (page: Page, where: string) => expect(await seriousFindings(page), where).toEqual([])

  for (const colorScheme of ["light", "dark"] as const) {
    it(`finds nothing serious on any page, ${colorScheme}`, async () => {
      const page = await fixture.open({ state: "full", colorScheme, path: "#/chat/conversation-1" })
      await page.locator(".answer").first().waitFor()
      await audit(page, "chat")
      await page.locator(".chip").first().click()
      await page.locator(".source-text mark").waitFor()
      await audit(page, "source panel")
      for (const path of ["#/chat", "#/documents", "#/models", "#/memory", "#/metrics", "#/settings", "#/welcome"]) {
        await goTo(page, path)
        await audit(page, path)
      }
      await page.keyboard.press("Control+k")
      await page.locator(".palette [cmdk-item]").first().waitFor()
      await audit(page, "palette")
    })

    it(`finds nothing serious with failures, narrow, ${colorScheme}`, async () => {
      const page = await fixture.open({ state: "error", colorScheme, width: 390, height: 844, path: "#/documents" })
      for (const path of ["#/documents", "#/models", "#/chat", "#/welcome"]) {
        await goTo(page, path)
        await audit(page, path)
      }
    })
  }

  it("needs no sideways scrolling at 360 px, nor at 200 % zoom", async () => {
    for (const width of [360, 640]) {
      const page = await fixture.open({ state: "full", width, height: 640, path: "#/chat/conversation-1" })
      for (const path of [
        "#/chat/conversation-1",
        "#/documents",
        "#/models",
        "#/memory",
        "#/activity",
        "#/activity/logs",
        "#/activity/audit",
        "#/activity/egress",
        "#/activity/check",
        "#/metrics",
        "#/settings",
        "#/welcome",
      ]) {
        await goTo(page, path)
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(overflow, `${path} at ${width}`).toBeLessThanOrEqual(0)
        const inner = await page.evaluate(() => {
          const scroller = document.querySelector("main .page")
          return scroller ? scroller.scrollWidth - scroller.clientWidth : 0
        })
        expect(inner, `${path} at ${width}`).toBeLessThanOrEqual(0)
      }
    }
  })

  it("stays usable in forced colours", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1" })
    await page.emulateMedia({ forcedColors: "active" })
    await page.locator(".answer").first().waitFor()
    const border = await page.locator(".composer").evaluate((element) => getComputedStyle(element).borderTopStyle)
    expect(border).toBe("solid")
  })
})
