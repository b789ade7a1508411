import { describe, expect, it } from "vitest"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("documents", () => {
  it("adds dropped files and shows them", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    await page
      .locator("input[type=file]")
      .first()
      .setInputFiles([{ name: "note.md", mimeType: "text/markdown", buffer: Buffer.from("# Note") }])
    await page.getByRole("button", { name: "note.md", exact: true }).waitFor()
  })

  it("removes a document from its menu, by keyboard, and gives the focus back on Escape", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    const button = page.getByRole("button", { name: "Options of Boiler handbook" })
    await button.focus()
    await page.keyboard.press("Enter")
    await page.getByRole("menuitem", { name: "Read again" }).waitFor()
    await page.keyboard.press("Escape")
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.press("Enter")
    await page.getByRole("menuitem", { name: "Remove from the index" }).click()
    await button.waitFor({ state: "detached" })
  })

  it("keeps the tags typed in a document's panel, and takes back what was not kept", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    await page.getByRole("button", { name: "Boiler handbook", exact: true }).click()
    const tags = page.getByLabel("Tags")
    await tags.fill(" heating, 2026 ,heating,")
    await page.keyboard.press("Enter")
    await expect.poll(() => tags.inputValue()).toBe("heating, 2026")
    await expect.poll(() => fixture.opened.core.requests).toContain("PATCH /api/documents/:id")
    await tags.fill("something else")
    await page.keyboard.press("Escape")
    expect(await tags.inputValue()).toBe("heating, 2026")
  })

  it("says in words why a file failed, and reads it again on request", async () => {
    const page = await fixture.open({ state: "error", path: "#/documents" })
    await page.getByText("The pages are pictures: there is no text in them.").waitFor()
    await page.getByRole("button", { name: "Try again" }).first().click()
    await expect.poll(() => fixture.opened.core.requests).toContain("POST /api/documents/:id/reindex")
  })

  it("watches a folder, pauses it, and stops with or without its documents", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    await page.getByText("Not reachable · 7 documents kept").waitFor()
    await page.getByRole("button", { name: "Pause watching Notes" }).click()
    await page.getByText("Paused · 18 documents").waitFor()
    await page.getByRole("button", { name: "Watch a folder" }).click()
    await page.getByLabel("Folder", { exact: true }).fill("relative")
    await page.keyboard.press("Enter")
    await page.getByText("The folder does not exist or may not be read.").waitFor()
    await page.getByLabel("Folder", { exact: true }).fill("/home/sam/Recipes")
    await page.keyboard.press("Enter")
    await page.getByText("/home/sam/Recipes").waitFor()
    await page.getByRole("button", { name: "Options of the folder Recipes" }).click()
    await page.getByRole("menuitem", { name: "Stop watching…" }).click()
    await page.getByRole("button", { name: "Keep the documents" }).click()
    await page.getByText("/home/sam/Recipes").waitFor({ state: "detached" })
    expect(fixture.opened.core.requests).toContain("DELETE /api/folders/:id")
  })

  it("says with figures that a new search index was not taken over, and takes it on request", async () => {
    const page = await fixture.open({
      state: "full",
      path: "#/documents",
      prepare: (seed) => {
        const refused = { kind: "model" as const, modelId: "bge-small", before: 0.9, after: 0.7, questions: 10, at: 1 }
        seed.searchIndex = { ...seed.searchIndex, refused }
      },
    })
    await page.getByText(/90 % find their passage .* 70 % would with the change/).waitFor()
    await page.getByRole("button", { name: "Use it anyway" }).click()
    await page.getByText(/would find your pinned questions worse/).waitFor({ state: "detached" })
    expect(fixture.opened.core.requests).toContain("POST /api/search-index/use-refused")
  })

  it("keeps five thousand documents out of the page", async () => {
    const page = await fixture.open({
      state: "full",
      path: "#/documents",
      prepare: (seed) => {
        const [first] = seed.documents
        if (first)
          seed.documents = Array.from({ length: 5000 }, (_, index) => ({
            ...first,
            id: `d${index}`,
            title: `File ${index}`,
          }))
      },
    })
    await page.getByRole("button", { name: "File 0", exact: true }).waitFor()
    expect(await page.locator(".document-row").count()).toBeLessThan(60)
  })
})

describe("models and settings", () => {
  it("starts, pauses and goes on with the recommended downloads", async () => {
    const page = await fixture.open({ state: "empty", path: "#/models" })
    await page.getByRole("button", { name: /^Download .* GB$/ }).click()
    const pause = page
      .getByRole("region", { name: "Recommended for this machine" })
      .getByRole("button", { name: "Pause" })
    await pause.first().click()
    await page.getByRole("button", { name: "Go on" }).first().click()
    await pause.first().waitFor()
  })

  it("changes a setting, shows that it is yours, and resets it", async () => {
    const page = await fixture.open({ state: "full", path: "#/settings" })
    const row = page.locator('[data-setting="speakAnswers"]')
    await row.getByRole("switch").click()
    await row.getByText("your choice").waitFor()
    await row.getByRole("button", { name: "Reset Speak all answers" }).click()
    await row.getByText("default", { exact: true }).waitFor()
    expect(await row.getByRole("switch").getAttribute("aria-checked")).toBe("false")
  })

  it("locks what the environment set", async () => {
    const page = await fixture.open({ state: "full", path: "#/settings" })
    expect(await page.locator('[data-setting="unloadAfterMinutes"] input').isDisabled()).toBe(true)
  })

  it("shows a new key once", async () => {
    const page = await fixture.open({ state: "full", path: "#/settings" })
    await page.getByRole("button", { name: "New key" }).click()
    await page.getByRole("textbox", { name: "What is it for?" }).fill("Editor")
    await page.getByRole("button", { name: "Make the key" }).click()
    await page.getByText("Copy it now. It is shown this once.").waitFor()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("Editor", { exact: true }).waitFor()
    expect(await page.content()).not.toContain("example_only")
  })
})
