import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import type { WindowOptions } from "./browser.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()
const engine = { id: "local-xtts-v2", kind: "model" as const, name: "XTTS v2", languages: ["en", "de"] }

const open = async (options: Partial<WindowOptions> = {}) => {
  const page = await fixture.open({ state: "full", path: "#/settings/clonedVoices", ...options })
  await page.getByRole("heading", { name: "Cloned voices" }).waitFor()
  return page
}
const card = (page: Page) => page.getByRole("region", { name: "Cloned voices" })
/** Reads aloud: the browser's test tone plays the voice. */
const read = async (page: Page) => {
  const dialog = page.getByRole("dialog")
  await dialog.getByRole("button", { name: /^Record/ }).click()
  await dialog.getByText(/^[2-9]\.\d s$/).waitFor()
  await dialog.getByRole("button", { name: "Stop" }).click()
}

describe("cloned voices in the window", () => {
  it("show the licence first, and offer nothing before it was accepted", async () => {
    const page = await open({ cloning: { engine } })
    await card(page).getByText("private, non-commercial purposes only").waitFor()
    expect(await card(page).getByRole("button", { name: "Clone a voice" }).count()).toBe(0)
    await card(page).getByRole("button", { name: "I accept, for private use" }).click()
    await card(page).getByRole("button", { name: "Clone a voice" }).waitFor()
    await card(page).getByText("What was checked, and what was not").click()
    await card(page).getByText("never run with the published weights").waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it("are made of a recording and the person's consent, are listed, and end with it", async () => {
    const refuses = {
      give: { code: "cloning.wrong-phrase" as const, message: "That was not the phrase.", remedy: "Read it again." },
      create: {
        code: "cloning.wrong-speaker" as const,
        message: "The sample is not the voice in which Ada agreed.",
        remedy: "Only a person's own voice can be cloned.",
      },
    }
    const page = await open({ cloning: { isAccepted: true, engine, refuses } })
    await card(page).getByRole("button", { name: "Clone a voice" }).click()
    const dialog = page.getByRole("dialog", { name: "Clone a voice" })
    await dialog.getByText("Say whose voice it is.").waitFor()
    await dialog.getByRole("textbox", { name: "Whose voice is it?" }).fill("Ada")
    await dialog.getByText("Record the text, or choose a file.").waitFor()
    await read(page)
    await dialog.getByText("A good recording.").waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByRole("button", { name: "Next" }).click()
    await dialog.getByText("Quiet pigeons painted eleven golden ladders").waitFor()
    await read(page)
    await dialog.getByRole("alert").getByText("That was not the phrase.").waitFor()
    await read(page)
    await dialog.getByRole("alert").getByText("not the voice in which Ada agreed").waitFor()
    await read(page)
    await dialog.getByText("Ada is ready.").waitFor()
    await dialog.getByRole("button", { name: "Close" }).click()
    await card(page).getByText("of Ada · English").waitFor()

    await card(page).getByText("Consents").click()
    await card(page).getByRole("button", { name: "End the consent of Ada" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "End consent" }).click()
    await card(page).getByText("No voice is cloned yet.").waitFor()
    await card(page)
      .getByText(/^Ada: ended/)
      .waitFor()
    // The browser notes refused requests by itself; nothing else may go wrong.
    expect(fixture.opened.problems.filter((problem) => !problem.startsWith("Failed to load resource"))).toEqual([])
  })

  it("say what is missing where nothing speaks yet, and how to bring it", async () => {
    const page = await open({ cloning: { isAccepted: true } })
    await card(page).getByText("Nothing here speaks in cloned voices yet.").waitFor()
    await card(page).getByText("Set up").click()
    await card(page).getByText("zenglow models import FOLDER").waitFor()
    await card(page).getByRole("textbox", { name: "Address" }).fill("http://127.0.0.1:8020")
    await card(page).getByRole("button", { name: "Save" }).click()
    await card(page).getByRole("button", { name: "Use no server" }).waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })
})
