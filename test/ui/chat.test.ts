import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
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

  it("finds collections and documents behind @, by keyboard, and says which one is marked", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    const composer = page.locator("#composer")
    await composer.pressSequentially("What does @boil")
    const option = page.getByRole("option", { name: /Boiler handbook/ })
    await option.waitFor()
    const field = page.getByRole("combobox", { name: "Message" })
    expect(await field.getAttribute("aria-activedescendant")).toBe(await option.getAttribute("id"))
    expect(await option.getAttribute("aria-selected")).toBe("true")
    await page.keyboard.press("Enter")
    expect(await composer.inputValue()).toBe("What does “Boiler handbook” ")
    await composer.pressSequentially("say in @hou")
    await page.getByRole("option", { name: /House.*collection/ }).waitFor()
    await page.keyboard.press("Tab")
    await page.locator(".collection-chip", { hasText: "House" }).waitFor()
    expect(await composer.inputValue()).toBe("What does “Boiler handbook” say in ")
    await composer.pressSequentially("@zzz")
    await expect.poll(() => page.getByRole("option").count()).toBe(0)
    const asked = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/api/turns"))
    await page.keyboard.press("Enter")
    expect((await asked).postDataJSON()).toMatchObject({ documentIds: ["document-4"], collectionIds: ["collection-2"] })
  })

  it("shows the persona of a chat and switches it", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.getByRole("button", { name: "Persona: ZenGlow" }).click()
    await page.getByRole("menuitem", { name: "Teacher" }).click()
    await page.getByRole("button", { name: "Persona: Teacher" }).waitFor()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".answer .citation").first().waitFor()
    expect(fixture.opened.core.seed.conversations[0]?.personaId).toBe("teacher")
    await page.getByRole("button", { name: "Persona: Teacher" }).click()
    await page.getByRole("menuitem", { name: "ZenGlow" }).click()
    await expect.poll(() => fixture.opened.core.seed.conversations[0]?.personaId).toBe("default")
  })

  it("names a new chat after its question until it has a title", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 30 })
    await ask(page, "How often should the filter be changed?")
    await page.locator(".progress-line, .prose.streaming").first().waitFor()
    expect(await page.locator(".chat-title").textContent()).toBe("How often should the filter be changed")
  })

  it("says so when an answer is stopped before its first word, and gives it again", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 5000 })
    await ask(page, "How often should the filter be changed?")
    await page.getByRole("button", { name: "Stop" }).waitFor()
    await expect.poll(() => page.url()).toContain("#/chat/conversation-new")
    await page.keyboard.press("Escape")
    await page.getByText("Stopped before anything was written.").waitFor()
    await page.getByRole("button", { name: "Send" }).waitFor()
    expect(await page.getByText("What you see was kept.").count()).toBe(0)
    await page.reload()
    await page.getByText("Nothing was written yet.").waitFor()
    const before = fixture.opened.core.requests.filter((request) => request === "POST /api/turns").length
    await page.getByRole("button", { name: "Answer again" }).click()
    await expect
      .poll(() => fixture.opened.core.requests.filter((request) => request === "POST /api/turns").length)
      .toBe(before + 1)
  })

  it("tells passages of one document apart by where they are", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1", width: 720 })
    const first = page.locator(".answer").first().locator(".chip-place")
    await first.first().waitFor()
    // Two of the three stand under one heading of one page: there only their numbers differ.
    const places = await first.allTextContents()
    expect(places).toHaveLength(3)
    expect(new Set(places).size).toBe(2)
    expect(places).toContain("page 9")
  })

  it("shows no focus ring around the messages after a click and a key, and one after Tab", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat/conversation-1" })
    const messages = page.getByRole("log", { name: "Messages" })
    const ring = () => messages.evaluate((element) => getComputedStyle(element).outlineStyle)
    await messages.click({ position: { x: 5, y: 5 } })
    await page.keyboard.press("Shift")
    await page.keyboard.press("ArrowDown")
    expect(await messages.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(await ring()).toBe("none")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await expect.poll(() => messages.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(await ring()).toBe("solid")
  })

  it("adds a folder dropped on the window, with the paths below it", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator("#composer").waitFor()
    const folder = mkdtempSync(join(tmpdir(), "zenglow-drop-"))
    mkdirSync(join(folder, "garden", "deep"), { recursive: true })
    writeFileSync(join(folder, "garden", "pump.md"), "# Pump")
    writeFileSync(join(folder, "garden", "deep", "valve.md"), "# Valve")
    writeFileSync(join(folder, "garden", ".hidden"), "no")
    const session = await page.context().newCDPSession(page)
    const data = { items: [], files: [join(folder, "garden")], dragOperationsMask: 1 }
    for (const type of ["dragEnter", "dragOver"] as const)
      await session.send("Input.dispatchDragEvent", { type, x: 600, y: 300, data })
    await page.getByText("Drop to add to your documents").waitFor()
    await session.send("Input.dispatchDragEvent", { type: "drop", x: 600, y: 300, data })
    const dropped = () =>
      fixture.opened.core.seed.documents.map(({ path }) => path).filter((path) => path.startsWith("garden/"))
    await expect.poll(() => dropped().sort()).toEqual(["garden/deep/valve.md", "garden/pump.md"])
    await page.getByText("Drop to add to your documents").waitFor({ state: "detached" })
    rmSync(folder, { recursive: true, force: true })
  })

  it("uses the model whose card the carousel is dragged to", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", width: 390, height: 844 })
    await page.locator("#composer").waitFor()
    await page.keyboard.press("Control+m")
    const strip = page.getByRole("listbox", { name: /Chat models/ })
    await page.locator(".model-card").first().click()
    await page.locator("#model-card-0.active").waitFor()
    const box = await strip.boundingBox()
    if (!box) throw new Error("The carousel has no place.")
    const card = await page.locator(".model-card").first().boundingBox()
    await page.mouse.move(box.x + box.width - 40, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 40 - (card?.width ?? 0) * 0.75, box.y + box.height / 2, { steps: 12 })
    // A held mouse has no speed left: letting go settles where the strip is.
    await page.mouse.move(box.x + box.width - 39 - (card?.width ?? 0) * 0.75, box.y + box.height / 2)
    await page.mouse.up()
    await page.locator(".model-card.active", { hasText: "SmolLM2" }).waitFor()
    const used = () => fixture.opened.core.seed.models.find((model) => model.id === "smollm2-135m")?.isDefault
    await expect.poll(used).toBe(true)
  })

  it("uses the model of the card the carousel stops on", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator("#composer").waitFor()
    await page.keyboard.press("Control+m")
    await page.locator(".model-card").first().click()
    await page.locator("#model-card-0.active").waitFor()
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
