import { describe, expect, it } from "vitest"
import { ask, goTo, windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("session", () => {
  it("trades the ticket for a session and takes it out of the address", async () => {
    const page = await fixture.open({ state: "full" })
    expect(page.url()).not.toContain("ticket")
    expect(await page.evaluate(() => document.documentElement.innerHTML)).not.toContain("mock-ticket")
    await page.reload()
    await page.locator("nav[aria-label=Main]").waitFor()
  })

  it("says how to sign in when there is no session", async () => {
    const page = await fixture.open({ state: "full" })
    await page.evaluate(() => window.sessionStorage.clear())
    await page.goto(`${fixture.opened.core.origin}/`)
    await page.getByRole("heading", { name: "This window is not signed in" }).waitFor()
  })

  it("works under the strict content security policy, without a warning", async () => {
    const page = await fixture.open({ state: "full", path: "#/metrics" })
    await page.locator(".uplot").first().waitFor()
    for (const path of ["#/chat/conversation-1", "#/documents", "#/models", "#/settings", "#/welcome"]) {
      await goTo(page, path)
    }
    expect(fixture.opened.problems).toEqual([])
    expect(fixture.opened.foreign).toEqual([])
  })
})

describe("chat", () => {
  it("streams an answer with sources first, then text, then citations at their sentences", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await ask(page, "How often should the filter be changed?")
    await page.locator(".chips .chip").first().waitFor()
    await page.locator(".answer .citation").first().waitFor()
    const sentence = await page.locator(".prose p").first().textContent()
    expect(sentence).toBe(
      "Change the filter every six months.1 With smoke or pets in the room, change it every three months.12",
    )
    expect(await page.locator(".unsupported").textContent()).toBe("It is best to write the date on the filter's frame.")
    expect(await page.locator(".unsupported").getAttribute("title")).toContain("none of the passages says this")
    await expect.poll(() => page.url()).toContain("#/chat/conversation-new")
    expect(fixture.opened.problems).toEqual([])
  })

  it("opens the cited passage highlighted in its document, and steps to the next", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1" })
    await page
      .getByRole("button", { name: /^Source 1/ })
      .first()
      .click()
    await expect
      .poll(() => page.locator(".source-text mark").first().textContent())
      .toContain("Change the filter every six months.")
    await page.getByRole("button", { name: "Next source" }).click()
    await expect.poll(() => page.locator(".source-text mark").first().textContent()).toContain("Wash the pre-filter")
    await page.keyboard.press("Escape")
    await page.locator(".side-panel").waitFor({ state: "detached" })
  })

  it("keeps what was written when the answer is stopped", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 30 })
    await ask(page, "How often should the filter be changed?")
    await page.locator(".prose.streaming").waitFor()
    await page.keyboard.press("Escape")
    await page.getByText("Stopped. What you see was kept.").waitFor()
    expect((await page.locator(".answer .prose").textContent())?.length).toBeGreaterThan(0)
    await page.getByRole("button", { name: "Send" }).waitFor()
  })

  it("shows an engine failure in words and keeps the text before it", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await ask(page, "Let this fail")
    await page.getByText("The model stopped while answering. What you see was kept.").waitFor()
    expect(await page.locator(".answer .prose").textContent()).toContain("Change the filter")
  })

  it("says so when the documents do not answer, with the closest three", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await ask(page, "What does it weigh?")
    await page.getByText("The closest passages:").waitFor()
    expect(await page.locator(".not-found .chip").count()).toBe(3)
    await page.getByRole("button", { name: "Search all collections" }).waitFor()
  })

  it("edits a question into a branch and switches between branches", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-2" })
    await page.locator(".question").hover()
    await page.getByRole("button", { name: "Edit and ask again" }).click()
    await page.getByRole("textbox", { name: "Edit and ask again" }).fill("And the other parts?")
    await page.keyboard.press("Enter")
    await page.getByText("Version 2 of 2").first().waitFor()
    expect(await page.locator(".question-text").textContent()).toBe("And the other parts?")
    await page.getByRole("button", { name: "Earlier version" }).first().click()
    await page.getByText("How long is the motor covered?").waitFor()
  })

  it("answers again as a second version of the answer", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-2" })
    await page.getByRole("button", { name: "Answer again" }).click()
    await page.getByRole("menuitem", { name: "The same model" }).click()
    await page.getByText("Version 2 of 2").waitFor()
    expect(await page.locator(".question").count()).toBe(1)
  })

  it("keeps a draft across a reload, and one per chat", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1" })
    await page.locator("#composer").fill("half a thought")
    await page.getByRole("link", { name: /Warranty of the motor/ }).click()
    expect(await page.locator("#composer").inputValue()).toBe("")
    await page.goBack()
    expect(await page.locator("#composer").inputValue()).toBe("half a thought")
    await page.reload()
    await expect.poll(() => page.locator("#composer").inputValue()).toBe("half a thought")
  })

  it("gives a deleted chat back on undo", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    const entry = page.getByRole("link", { name: /Soup for twelve/ })
    await entry.focus()
    await page.keyboard.press("Delete")
    await entry.waitFor({ state: "detached" })
    await page.getByRole("button", { name: "Undo" }).click()
    await entry.waitFor()
  })

  it("renames a chat in place and finds words in all chats", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.getByRole("link", { name: /Soup for twelve/ }).focus()
    await page.keyboard.press("F2")
    await page.getByRole("textbox", { name: "Chat title" }).fill("Soup for twenty")
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: /Soup for twenty/ }).waitFor()
    await page.keyboard.press("Control+Shift+F")
    await page.keyboard.type("calendar")
    await expect.poll(() => page.locator(".hit mark").first().textContent()).toBe("calendar")
  })

  it("does not store a temporary chat", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator(".conversation").first().waitFor()
    const before = await page.locator(".conversation").count()
    await page.getByRole("button", { name: "Start a temporary chat" }).click()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".answer .citation").first().waitFor()
    await ask(page, "And what does it weigh?")
    await page.getByText("The closest passages:").waitFor()
    expect(await page.locator(".question").count()).toBe(2)
    expect(await page.locator(".conversation").count()).toBe(before)
  })

  it("asks the collection named with #", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator("#composer").pressSequentially("#hou")
    await page.getByRole("option", { name: /House/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.locator(".collection-chip", { hasText: "House" }).waitFor()
    expect(await page.locator("#composer").inputValue()).toBe("")
    await ask(page, "How often?")
    await page.locator(".answer .citation").first().waitFor()
    expect(fixture.opened.core.seed.conversations[0]?.collectionIds).toEqual(["collection-2"])
  })

  it("uses the model of the card the carousel stops on", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator("#composer").waitFor()
    await page.keyboard.press("Control+m")
    await page.getByRole("listbox", { name: /Chat models/ }).focus()
    await page.keyboard.press("ArrowRight")
    await expect
      .poll(() => fixture.opened.core.seed.models.find((model) => model.id === "smollm2-135m")?.isDefault)
      .toBe(true)
    await page.locator(".model-card.active", { hasText: "SmolLM2" }).waitFor()
  })

  it("goes on with an answer after the connection was cut", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 20 })
    await ask(page, "How often should the filter be changed?")
    await page.locator(".prose.streaming").waitFor()
    fixture.opened.core.cut(false)
    await page.locator(".answer .citation").first().waitFor()
    expect(await page.locator(".prose p").first().textContent()).toBe(
      "Change the filter every six months.1 With smoke or pets in the room, change it every three months.12",
    )
  })

  it("ends an answer that a restarted core no longer knows, and says so", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-2", paceMs: 40 })
    await page.locator(".answer").first().waitFor()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".prose.streaming").waitFor()
    fixture.opened.core.cut(true)
    await page.getByText("The core was restarted while it answered.").waitFor()
    await page.locator("#composer").fill("again")
    await page.getByRole("button", { name: "Send" }).waitFor()
  })

  it("does not move what is being read while an answer streams below", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1", paceMs: 10 })
    await page.locator(".answer").first().waitFor()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".prose.streaming").waitFor()
    const messages = page.locator(".messages")
    await messages.evaluate((element) => element.scrollTo({ top: 0 }))
    await page.waitForFunction(() => document.querySelector(".messages")?.scrollTop === 0)
    const read = page.locator('[data-message="m1"] .question')
    await read.waitFor()
    const before = await read.boundingBox()
    await page.getByText("The answer is ready.").waitFor({ state: "attached" })
    const after = await read.boundingBox()
    expect(after?.y).toBe(before?.y)
  })

  it("keeps ten thousand messages out of the page and scrolls from end to start", async () => {
    const page = await fixture.open({ state: "full", longMessages: 10_000, path: "#/chat/conversation-long" })
    await page.locator('[data-message="long-9999"]').waitFor()
    expect(await page.locator(".message-column").count()).toBeLessThan(60)
    const messages = page.locator(".messages")
    await messages.evaluate((element) => element.scrollTo({ top: 0 }))
    await page.locator('[data-message="long-0"]').waitFor()
    expect(await page.locator(".message-column").count()).toBeLessThan(60)
    await page.getByRole("button", { name: "Jump to the latest" }).click()
    await page.locator('[data-message="long-9999"]').waitFor()
  })
})
