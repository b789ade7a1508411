import axe from "axe-core"
import { describe, expect, it } from "vitest"
import { untilStill } from "./untilStill.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("memory", () => {
  it("adds, edits, weighs and forgets, and says that forgetting is for good", async () => {
    const page = await fixture.open({ state: "full", path: "#/memory" })
    const rows = page.locator(".memory")
    await page.getByText("My dentist is in Harbour Street.").waitFor()
    await page.getByRole("textbox", { name: "Something to remember" }).fill("The wifi is called Otter.")
    await page.keyboard.press("Enter")
    await page.getByText("The wifi is called Otter.").waitFor()
    expect(await rows.count()).toBe(4)

    await page.getByRole("button", { name: "Edit “The wifi is called Otter.”" }).click()
    await page.getByRole("textbox", { name: "Text", exact: true }).fill("The wifi is called Badger.")
    await page.keyboard.press("Enter")
    await page.getByText("The wifi is called Badger.").waitFor()

    await page.getByRole("combobox", { name: /How much it counts: The wifi/ }).selectOption("0")
    await expect.poll(() => fixture.opened.core.requests).toContain("PATCH /api/memory/:id")
    await page.locator(".memory.unused", { hasText: "Badger" }).waitFor()

    await page.getByRole("button", { name: "Forget “The wifi is called Badger.”" }).click()
    await page.getByText("cannot be brought back").waitFor()
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
    await page.getByText("The wifi is called Badger.").waitFor()
    await page.getByRole("button", { name: "Forget “The wifi is called Badger.”" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Forget" }).click()
    await page.getByText("The wifi is called Badger.").waitFor({ state: "detached" })
  })

  it("finds by words, opens the chat it was said in, and forgets everything only after asking", async () => {
    const page = await fixture.open({ state: "full", path: "#/memory" })
    await page.getByRole("searchbox", { name: "Find a memory" }).fill("peanuts")
    await expect.poll(() => page.locator(".memory").count()).toBe(1)
    await page.getByRole("searchbox", { name: "Find a memory" }).fill("")
    await expect.poll(() => page.locator(".memory").count()).toBe(3)
    await page.getByRole("button", { name: "Forget everything" }).click()
    expect(fixture.opened.core.requests).not.toContain("DELETE /api/memory")
    await page.getByRole("dialog").getByRole("button", { name: "Forget everything" }).click()
    await page.getByText("Nothing remembered yet").waitFor()
    const again = await fixture.open({ state: "full", path: "#/memory" })
    await again.getByRole("button", { name: "from “Lease: notice period”" }).click()
    await expect.poll(() => again.url()).toContain("#/chat/conversation-4")
  })

  it("confirms under the answer what was kept, and takes it back", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator("#composer").fill("Remember that my dentist is in Harbour Street.")
    await page.keyboard.press("Enter")
    const note = page.getByRole("region", { name: "Remembered" })
    await note.waitFor()
    await note.getByRole("button", { name: "Undo" }).click()
    await expect.poll(() => fixture.opened.core.requests).toContain("DELETE /api/memory/:id")
    await note.waitFor({ state: "detached" })
  })

  it("keeps a proposed fact only when the person agrees", async () => {
    const page = await fixture.open({ state: "full", path: "#/chat" })
    await page.locator("#composer").fill("I live in Lisbon. How often should the filter be changed?")
    await page.keyboard.press("Enter")
    const proposal = page.getByRole("region", { name: "Remember this?" })
    await proposal.waitFor()
    expect(fixture.opened.core.requests).not.toContain("POST /api/memory")
    await proposal.getByRole("button", { name: "Remember", exact: true }).click()
    await expect.poll(() => fixture.opened.core.requests).toContain("POST /api/memory")
    await page.getByRole("region", { name: "Remembered" }).waitFor()
  })
})

describe("why and artifacts", () => {
  it("shows every step of a document's way and what to do", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    await page.getByRole("button", { name: "Boiler handbook", exact: true }).click()
    await page.getByRole("textbox", { name: "Question" }).fill("How often must the filter be changed?")
    await page.keyboard.press("Enter")
    await page.getByText("Other documents match better").waitFor()
    expect(await page.locator(".why-steps li").count()).toBe(9)
    await page.locator(".why-steps .failed", { hasText: "number 9" }).waitFor()
    await page.getByText("What to do:").waitFor()
  })

  it("finds artifacts by tag and kind, and shows hash and source", async () => {
    const page = await fixture.open({ state: "full", path: "#/settings" })
    const card = page.getByRole("region", { name: "Artifacts" })
    await card.locator(".artifact").first().waitFor()
    await card.getByRole("button", { name: /^llm\b/ }).click()
    await expect.poll(() => card.locator(".artifact").count()).toBe(1)
    await card.getByText("Qwen2.5 1.5B Instruct").click()
    await card.getByText("0c".repeat(32)).waitFor()
    await card.getByText("Apache-2.0", { exact: true }).waitFor()
    await card.getByRole("radio", { name: "Indexes" }).click()
    await card.getByText("Nothing fits.").waitFor()
  })

  it("has no finding of axe on its pages", async () => {
    for (const path of ["#/memory", "#/settings/artifacts"]) {
      const page = await fixture.open({ state: "full", path })
      await page.locator(".memory, .artifact").first().waitFor()
      await untilStill(page)
      await page.evaluate(axe.source)
      const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run(document))
      expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([])
    }
  })
})
