import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import { hostileText, hostileTexts } from "./hostileText.ts"
import { ask, goTo, windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("hostile text", () => {
  const expectHarmless = async (page: Page) => {
    expect(await page.evaluate(() => "__ran" in window)).toBe(false)
    expect(fixture.opened.foreign).toEqual([])
    const bad = await page.evaluate(() =>
      [
        ...document.querySelectorAll("#root :is(script, iframe, object, embed, base, form[action], link, img, style)"),
      ].map((element) => element.outerHTML),
    )
    expect(bad).toEqual([])
    const links = await page.evaluate(() => [...document.querySelectorAll("a")].map((link) => link.protocol))
    expect(links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol))).toEqual([])
    expect(fixture.opened.problems).toEqual([])
  }

  it("runs and loads nothing when it streams in, one character at a time", async () => {
    const page = await fixture.open({
      state: "full",
      path: "#/chat",
      paceMs: 0,
      script: () => ({ text: hostileText, pieceLength: 1 }),
    })
    await ask(page, hostileText)
    await page.getByText("The answer is ready.").waitFor({ state: "attached" })
    await page.locator(".answer .prose").getByText("<base href=").first().waitFor()
    await expectHarmless(page)
  })

  it("runs and loads nothing in history, titles, file names, passages and errors", async () => {
    const page = await fixture.open({
      state: "full",
      path: "#/chat/conversation-1",
      prepare: (seed) => {
        seed.conversations.forEach((entry, index) => {
          entry.title = hostileTexts[index] ?? entry.title
        })
        for (const message of seed.messages.get("conversation-1") ?? []) {
          message.text = hostileText
          message.passages = message.passages.map((passage) => ({
            ...passage,
            title: hostileTexts[1] ?? "",
            text: hostileText,
            headingPath: [hostileTexts[0] ?? ""],
          }))
        }
        seed.documents.forEach((entry, index) => {
          entry.title = hostileTexts[index + 3] ?? ""
          entry.path = hostileTexts[index] ?? ""
          if (entry.error)
            entry.error = { code: "document.damaged", message: hostileTexts[0] ?? "", remedy: hostileTexts[1] ?? "" }
        })
        for (const collection of seed.collections) collection.name = hostileTexts[1] ?? ""
        for (const model of seed.models) model.name = hostileTexts[0] ?? ""
      },
    })
    await page.locator(".answer .prose").first().waitFor()
    await expectHarmless(page)
    await page.locator(".chip").first().click()
    await page.locator(".source-text mark").waitFor()
    for (const hash of ["#/documents", "#/models", "#/metrics", "#/settings", "#/welcome"]) {
      await goTo(page, hash)
      await expectHarmless(page)
    }
  })
})
