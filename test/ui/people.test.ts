import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import { mockPin } from "./mockPeople.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

const expectAccessible = async (page: Page): Promise<void> => expect(await seriousFindings(page)).toEqual([])

describe("one person alone", () => {
  it("is asked nothing: no switcher, no sharing, and People only behind the avatar", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    await page.locator(".collection-entry").first().waitFor()
    expect(await page.locator('.rail [href="#/people"]').count()).toBe(0)
    await page.locator(".collection-menu").first().click({ force: true })
    await page.getByRole("menuitem", { name: "Rename" }).waitFor()
    expect(await page.getByRole("menuitem", { name: "Share…" }).count()).toBe(0)
    await page.keyboard.press("Escape")
    await page.getByRole("button", { name: "Your menu" }).click()
    expect(await page.getByText("Hand the window to").count()).toBe(0)
    await page.getByRole("menuitem", { name: "People" }).click()
    await page.getByText("Just you, so far").waitFor()
    await expectAccessible(page)
  })

  it("becomes a household with the first who is added", async () => {
    const page = await fixture.open({ state: "full", path: "#/people" })
    await page.getByRole("button", { name: "Add somebody" }).click()
    await page.getByRole("textbox", { name: "Name" }).fill("Ben")
    await page.getByRole("radio", { name: "Child" }).click()
    await page.getByText("fetches nothing from the web").waitFor()
    await page.getByRole("dialog").getByRole("button", { name: "Add somebody" }).click()
    await page.locator(".people-person", { hasText: "Ben" }).getByText("Child").waitFor()
    await page.locator('.rail [href="#/people"]').waitFor()
  })
})

describe("a household", () => {
  it("hands the window on, with a PIN where there is one, and clears the screen", async () => {
    const page = await fixture.open({ state: "full", path: "#/memory", household: "shared" })
    await page.getByText("My dentist is in Harbour Street.").waitFor()
    await page.getByRole("button", { name: "Your menu: Ada Lindqvist" }).click()
    await page.getByRole("menuitem", { name: "Ben" }).click()
    await page.getByLabel("PIN", { exact: true }).fill("0000")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").getByText("The PIN is wrong.").waitFor()
    await expectAccessible(page)
    await page.getByLabel("PIN", { exact: true }).fill(mockPin)
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")])
    await page.getByRole("button", { name: "Your menu: Ben" }).waitFor()
    expect(await page.getByText("My dentist is in Harbour Street.").count()).toBe(0)
  })

  it("asks who is here when nobody is chosen, by keyboard alone", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat", household: "locked" })
    await page.getByRole("heading", { name: "Who is here?" }).waitFor()
    expect(await page.locator(".rail").count()).toBe(0)
    await expectAccessible(page)
    await page.getByRole("button", { name: "Cleo" }).focus()
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")])
    await page.getByRole("button", { name: "Your menu: Cleo" }).waitFor()
    // What a child's role does not reach is not offered.
    expect(await page.locator('.rail [href="#/models"]').count()).toBe(0)
  })

  it("shows a collection and a chat to whom their owner chooses", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents", household: "shared" })
    const plain = page.locator(".collection-entry", { hasNot: page.locator(".badge") }).first()
    await plain.locator(".collection-menu").click({ force: true })
    await page.getByRole("menuitem", { name: "Share…" }).click()
    await page.getByRole("radio", { name: "Some people" }).click()
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true)
    await page.getByRole("checkbox", { name: "Ben" }).check()
    await expectAccessible(page)
    await page.getByRole("button", { name: "Save" }).click()
    await page.locator(".collections .badge", { hasText: "shared" }).first().waitFor()
    expect(fixture.opened.core.requests).toContain("PUT /api/collections/:id/sharing")
  })

  it("lets a shared chat be read and not continued", async () => {
    const page = await fixture.open({
      state: "full",
      path: "#/chat/conversation-1",
      household: "shared",
      prepare: (seed) => {
        const [first] = seed.conversations
        if (first) first.sharedBy = { id: "p-ben", name: "Ben" }
      },
    })
    await page.getByText("Ben shared this chat with you to read.").waitFor()
    expect(await page.locator("#composer").count()).toBe(0)
  })

  it("asks what becomes of somebody's things before they go", async () => {
    const page = await fixture.open({ state: "full", path: "#/people", household: "shared" })
    await page.getByRole("button", { name: "Remove Ben" }).click()
    await page.getByRole("radio", { name: "Are erased" }).click()
    await expectAccessible(page)
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click()
    await page.locator(".people-person", { hasText: "Ben" }).waitFor({ state: "detached" })
    expect(fixture.opened.core.requests).toContain("DELETE /api/people/:id")
  })
})
