import axe from "axe-core"
import { describe, expect, it } from "vitest"
import { untilStill } from "./untilStill.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("other servers in the window", () => {
  it("are added, tried, given a model, kept from documents until allowed, and forgotten", async () => {
    const page = await fixture.open({ state: "full", path: "#/models" })
    const section = page.getByRole("region", { name: "Other servers" })
    await section.getByText("Questions leave this computer, to study.home:11434").waitFor()
    await untilStill(page)
    await page.evaluate(axe.source)
    const violations = await page.evaluate(async () => {
      const found = await (window as unknown as { axe: typeof axe }).axe.run("section[aria-label='Other servers']")
      return found.violations.map(({ id }) => id)
    })
    expect(violations).toEqual([])
    const documents = section.getByLabel("It may see passages of documents that I let leave")
    expect(await documents.isChecked()).toBe(false)
    await documents.click()
    await expect.poll(() => documents.isChecked()).toBe(true)

    await section.getByRole("button", { name: "Add a server" }).click()
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("Name (small letters)").fill("far")
    await dialog.getByLabel("Address").fill("https://models.test")
    await dialog.getByRole("button", { name: "Add and try" }).click()
    await dialog.waitFor({ state: "detached" })
    const model = section.getByLabel("Model of far")
    await model.selectOption("llama3.2:3b")
    await expect.poll(() => model.inputValue()).toBe("llama3.2:3b")
    expect(fixture.opened.core.requests).toContain("POST /api/backends/:name/test")

    await section.getByRole("button", { name: "Remove far" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click()
    await model.waitFor({ state: "detached" })
    expect(fixture.opened.problems).toEqual([])
  })
})
