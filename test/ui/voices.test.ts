import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import type { WindowOptions } from "./browser.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

const open = async (options: Partial<WindowOptions> = {}) => {
  const page = await fixture.open({ state: "full", path: "#/settings/voices", ...options })
  await page.getByRole("heading", { name: "Voices", exact: true, level: 2 }).waitFor()
  return page
}
const card = (page: Page) => page.getByRole("region", { name: "Voices", exact: true })
/** Reads one sentence: the browser's test tone plays the voice. */
const record = async (page: Page, sentence: number) => {
  await page.getByRole("button", { name: `Record sentence ${sentence}`, exact: true }).click()
  await page.getByText(/^[2-9]\.\d s$/).waitFor()
  await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click()
  await page.getByRole("button", { name: `Record sentence ${sentence} again` }).waitFor()
}

describe("voices that are known", () => {
  it("are listed with how well they are known, renamed, and forgotten after a question", async () => {
    const page = await open()
    await expect.poll(() => card(page).getByRole("listitem").count()).toBe(3)
    await card(page).getByText("Record again").waitFor()
    await card(page).getByRole("button", { name: "Rename Grace" }).click()
    await page.getByRole("textbox", { name: "New name" }).fill("Ada")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").getByText("There is a voice of this name already.").waitFor()
    await page.getByRole("textbox", { name: "New name" }).fill("Grace H.")
    await page.keyboard.press("Enter")
    await card(page).getByText("Grace H.").waitFor()

    await card(page).getByRole("button", { name: "Forget Linus" }).click()
    const question = page.getByRole("dialog", { name: "Forget the voice of Linus?" })
    await question.getByText("Nothing of it is kept.").waitFor()
    await question.getByRole("button", { name: "Forget" }).click()
    await expect.poll(() => card(page).getByRole("listitem").count()).toBe(2)
    expect(fixture.opened.core.requests).toContain("DELETE /audio/speakers/:id")
  })

  it("are taught by reading aloud, only with consent", async () => {
    const page = await open()
    await card(page).getByRole("button", { name: "Teach a voice" }).click()
    const learn = page.getByRole("button", { name: "Learn the voice" })
    await page.getByRole("textbox", { name: "Whose voice is it?" }).fill("Alan")
    await record(page, 1)
    await page.getByText("Ask them first.").waitFor()
    expect(await learn.isDisabled()).toBe(true)
    await page.getByText("The recordings are not kept.").waitFor()
    await page.getByRole("checkbox").check()
    expect(await seriousFindings(page)).toEqual([])
    await learn.click()
    await page.getByText("Alan is known now, from 4.5 s of speech.").waitFor()
    await page.getByText("24 dB above the room").waitFor()
    await page.getByRole("button", { name: "Done" }).click()
    await card(page).getByText("Alan").waitFor()
    expect(fixture.opened.problems).toEqual([])
  })

  it("are taught from files, and a refusal says what to do", async () => {
    const page = await open({ enrollError: "speaker.poor-quality" })
    await card(page).getByRole("button", { name: "Add recordings of Grace" }).click()
    await page
      .getByRole("dialog")
      .locator("input[type=file]")
      .setInputFiles([{ name: "grace.wav", mimeType: "audio/wav", buffer: Buffer.from("RIFF") }])
    await page.getByText("grace.wav").waitFor()
    await page.getByRole("checkbox").check()
    await page.getByRole("button", { name: "Learn the voice" }).click()
    const refusal = page.getByRole("alert")
    await refusal.getByText("The recordings do not sound like one voice.").waitFor()
    await refusal.getByText("Record one person alone.").waitFor()
    await page.getByRole("button", { name: "Remove grace.wav" }).click()
    await page.getByText("Record a sentence or add a file.").waitFor()
  })

  it("are compared with somebody who speaks", async () => {
    const page = await open()
    await card(page).getByRole("button", { name: "Who is this?" }).click()
    await page.getByRole("button", { name: "Start" }).click()
    await page.getByText(/^[1-9]\.\d s$/).waitFor()
    await page.getByRole("button", { name: "Stop" }).click()
    await page.getByText("This is Ada.").waitFor()
    expect(await page.locator(".who-table tbody tr").allInnerTexts()).toEqual(["Ada\t0.71", "Grace\t0.31"])
    await page.getByText("Needed: 0.50. Ahead of the next by 0.40.").waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  it("let the microphone go when the dialog is left while recording", async () => {
    const page = await open()
    await page.evaluate(() => {
      const media = navigator.mediaDevices
      const original = media.getUserMedia.bind(media)
      media.getUserMedia = async (constraints) => {
        const stream = await original(constraints)
        Object.assign(window, { track: stream.getTracks()[0] })
        return stream
      }
    })
    await card(page).getByRole("button", { name: "Teach a voice" }).click()
    await page.getByRole("button", { name: "Record sentence 1", exact: true }).click()
    await page.getByText(/^[1-9]\.\d s$/).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    const state = () => page.evaluate(() => (window as unknown as { track: MediaStreamTrack }).track.readyState)
    await expect.poll(state).toBe("ended")
  })

  it("need a model, which one press downloads", async () => {
    const page = await open({ state: "empty" })
    await card(page).getByText("Telling voices apart needs a model that is not installed.").waitFor()
    expect(await card(page).getByRole("button", { name: "Teach a voice" }).count()).toBe(0)
    await card(page)
      .getByRole("button", { name: /Download 28 MB|Download 27/ })
      .click()
    await card(page).getByText("The model is being downloaded.").waitFor()
    expect(fixture.opened.core.requests).toContain("POST /api/models/:id/pull")
    await page.evaluate(() => {
      window.location.hash = "#/models"
    })
    await page.getByRole("region", { name: "Who is speaking" }).getByText("CAM++").waitFor()
  })
})
